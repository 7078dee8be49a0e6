import { assertInInjectionContext, inject } from '@angular/core';
import type { Client } from '@tidewire/client';
import { TIDEWIRE } from './tidewire.ts';

/** The application's client, for what goes beyond one component's channel. What it does runs outside Angular's zone. */
export function injectTidewire(): Client {
  assertInInjectionContext(injectTidewire);
  return inject(TIDEWIRE);
}

import { inject } from '@angular/core';
import type { Coalesce } from '@tidewire/client';
import { IN_BROWSER } from './tidewire.ts';
import { TIDEWIRE_OPTIONS } from './tidewire-options.ts';

/** How often what comes is handed over, where this was given. */
export function injectCoalesce(given: Coalesce | undefined): Coalesce {
  // While a server renders there are no frames, and a timer would keep it waiting.
  if (!inject(IN_BROWSER)) return 'none';
  return given ?? inject(TIDEWIRE_OPTIONS, { optional: true })?.coalesce ?? 'frame';
}

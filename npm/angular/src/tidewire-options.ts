import { InjectionToken } from '@angular/core';
import type { ClientOptions, Coalesce } from '@tidewire/client';

/** How an application reaches its server, and how often it shows what comes from there. */
export interface TidewireOptions extends ClientOptions {
  /** When channels hand over messages, where the channel does not say so itself. Default `frame`. */
  readonly coalesce?: Coalesce;
}

/** What `provideTidewire` was given. */
export const TIDEWIRE_OPTIONS = /* @__PURE__ */ new InjectionToken<TidewireOptions>('Tidewire options');

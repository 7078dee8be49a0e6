import { DestroyRef, inject, InjectionToken, NgZone, PLATFORM_ID } from '@angular/core';
import { createClient, type Client } from '@tidewire/client';
import { outsideZone } from './outside-zone.ts';
import { TIDEWIRE_OPTIONS } from './tidewire-options.ts';

/** The application's client. */
export const TIDEWIRE = /* @__PURE__ */ new InjectionToken<Client>('Tidewire: is provideTidewire missing?');

/** Whether there is a page; not so while a server renders it. */
export const IN_BROWSER = /* @__PURE__ */ new InjectionToken<boolean>('Tidewire runs in a browser', {
  factory: () => inject(PLATFORM_ID) === 'browser',
});

/** Makes the client, which lives as long as the injector. While a server renders, it never connects. */
export function createTidewire(): Client {
  const zone = inject(NgZone);
  const options = inject(IN_BROWSER) ? inject(TIDEWIRE_OPTIONS) : NOWHERE;
  const client = zone.runOutsideAngular(() => createClient(options));
  inject(DestroyRef).onDestroy(() => zone.runOutsideAngular(() => client.close()));
  return outsideZone(client, zone);
}

/** In place of options that may be of the page: its address, its storage. */
const NOWHERE = { url: 'ws://server.invalid', autoConnect: false };

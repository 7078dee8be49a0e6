import { DestroyRef, InjectionToken, inject } from '@angular/core';
import { createClient } from '@tidewire/client';

/** The page's connection: to the server that served the page, or to the one that `?server=` names. */
export const TIDEWIRE = new InjectionToken('the Tidewire client', {
  factory: () => {
    const server = new URLSearchParams(location.search).get('server');
    const client = createClient({ url: server ?? '/v1/connect' });
    inject(DestroyRef).onDestroy(() => client.close());
    return client;
  },
});

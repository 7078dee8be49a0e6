import { DestroyRef, inject, InjectionToken, signal, type Signal } from '@angular/core';
import type { StatusDetail } from '@tidewire/client';
import { TIDEWIRE } from './tidewire.ts';

/** How the connection is doing. */
export interface Connection extends StatusDetail {
  /** It was live before: what is being done now is to come back. */
  readonly returning: boolean;
}

/** The connection's state, followed once for all of an application. */
export const CONNECTION = /* @__PURE__ */ new InjectionToken<Signal<Connection>>('Tidewire connection');

/** Follows the client's status. */
export function followConnection(): Signal<Connection> {
  const client = inject(TIDEWIRE);
  const connection = signal<Connection>({ ...client.statusDetail, returning: false });
  const stop = client.on('status', detail =>
    connection.update(({ status, returning }) => ({
      ...detail,
      returning: returning || status === 'live',
    })),
  );
  inject(DestroyRef).onDestroy(stop);
  return connection.asReadonly();
}

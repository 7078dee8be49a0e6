import { DestroyRef, Signal, inject, signal } from '@angular/core';

import { TIDEWIRE } from './tidewire';

/** How the connection is doing, as the page shows it. */
export interface Connection {
  readonly status: 'idle' | 'connecting' | 'live' | 'waiting' | 'closed';
  /** Whether it was live before. */
  readonly returning: boolean;
  /** When the next attempt starts, in milliseconds since 1970; only while waiting. */
  readonly until?: number;
  /** Why it is not live, in the client's words. */
  readonly reason?: string;
}

/** Follows the client's status as a signal. */
export function injectConnection(): Signal<Connection> {
  const client = inject(TIDEWIRE);
  const now = (before?: Connection): Connection => ({
    ...client.statusDetail,
    status: client.status,
    returning: before !== undefined && (before.returning || before.status === 'live'),
  });
  const connection = signal(now());
  inject(DestroyRef).onDestroy(client.on('status', () => connection.update(now)));
  return connection.asReadonly();
}

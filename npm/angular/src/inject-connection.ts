import { assertInInjectionContext, inject, type Signal } from '@angular/core';
import { CONNECTION, type Connection } from './connection.ts';

/** The connection's status as a signal, with the reason and the time of the next attempt. */
export function injectConnection(): Signal<Connection> {
  assertInInjectionContext(injectConnection);
  return inject(CONNECTION);
}

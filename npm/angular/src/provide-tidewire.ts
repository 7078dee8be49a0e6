import { makeEnvironmentProviders, type EnvironmentProviders } from '@angular/core';
import { CONNECTION, followConnection } from './connection.ts';
import { createTidewire, TIDEWIRE } from './tidewire.ts';
import { TIDEWIRE_OPTIONS, type TidewireOptions } from './tidewire-options.ts';

/**
 * Provides one client to all of an application. A function is called in an injection context, when the client is
 * first used in a browser: `provideTidewire(() => ({ url: '/v1/connect', token: inject(Session).token }))`.
 */
export function provideTidewire(options: TidewireOptions | (() => TidewireOptions)): EnvironmentProviders {
  const given = typeof options === 'function' ? options : () => options;
  return makeEnvironmentProviders([
    { provide: TIDEWIRE_OPTIONS, useFactory: given },
    { provide: TIDEWIRE, useFactory: createTidewire },
    { provide: CONNECTION, useFactory: followConnection },
  ]);
}

import {
  DestroyRef,
  inject,
  makeEnvironmentProviders,
  NgZone,
  type EnvironmentProviders,
} from '@angular/core';
import { TestServer } from '@tidewire/client/testing';
import { CONNECTION, followConnection } from '../connection.ts';
import { outsideZone } from '../outside-zone.ts';
import { TIDEWIRE } from '../tidewire.ts';
import { TIDEWIRE_OPTIONS, type TidewireOptions } from '../tidewire-options.ts';

/**
 * Provides, in place of `provideTidewire`, a client of a server in memory, which the test gets by
 * `TestBed.inject(TestServer)`: it publishes, disconnects, refuses. Signals change at once, not with a frame.
 */
export function provideTidewireTesting(options: Partial<TidewireOptions> = {}): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: TestServer, useFactory: () => new TestServer() },
    { provide: TIDEWIRE_OPTIONS, useValue: { coalesce: 'none', ...options } },
    { provide: TIDEWIRE, useFactory: createTestClient },
    { provide: CONNECTION, useFactory: followConnection },
  ]);
}

function createTestClient() {
  const zone = inject(NgZone);
  const { coalesce: _, url: __, ...options } = inject(TIDEWIRE_OPTIONS);
  const client = zone.runOutsideAngular(() => inject(TestServer).createClient(options));
  inject(DestroyRef).onDestroy(() => client.close());
  return outsideZone(client, zone);
}

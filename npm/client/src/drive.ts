import { browserDriver } from './browser-driver.ts';
import type { Commons, DurableDriver, StartDriver } from './driver.ts';
import { dial } from './link.ts';
import { Session, type Exports } from './session.ts';
import { openShared } from './share/tabs.ts';

/** Starts drivers in this instance of Tidewire's WebAssembly; they share a socket with other tabs, or have their own. */
export type Drive = (exports: Exports, commons: Commons, share: boolean) => StartDriver<DurableDriver>;

/** What nobody needs before WebAssembly is there: sessions, their edges, and the ways to a server. */
export const drive: Drive = (exports, commons, share) => (url, host, broken, durable) =>
  browserDriver(
    new Session(exports, seed(), durable),
    elder => (share ? openShared(url, elder) : dial(url)),
    host,
    broken,
    commons,
  );

/** Random in all its bits. */
function seed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!;
}

import type { Carrier } from './link.ts';

export { dial } from './link.ts';
export { openShared } from './share/tabs.ts';

/** The ways to a server, which nobody needs before WebAssembly is there: over a link's own socket, or a shared one. */
export interface Ways {
  dial(url: string): Carrier;
  /** Not on the socket of `elder`. */
  openShared(url: string, elder?: Carrier): Carrier;
}

/**
 * One client's session and its socket, in WebAssembly (crate tidewire-wasm). Every subscription and request has a
 * number of the caller's choosing, unique in the client; what becomes of it is told to the host under that number.
 */
export interface Driver {
  connect(): void;
  close(): void;
  subscribe(id: number, channel: string, last: number, since: string | undefined): void;
  unsubscribe(id: number): void;
  publish_json(id: number, channel: string, payload: Uint8Array): void;
  publish_binary(id: number, channel: string, payload: Uint8Array): void;
  history(id: number, channel: string, since: string | undefined, limit: number): void;
  token(token: string | undefined): void;
  token_unavailable(reason: string): void;
  token_refused(reason: string): void;
  free(): void;
}

/** Whom a driver tells what happens: all events of one step in one packed batch, see {@link unpack}. */
export interface Host {
  /** The bytes are the driver's memory: they are good only until this returns. */
  events(packed: Uint8Array): void;
}

/** Makes drivers, once WebAssembly is loaded. */
export type StartDriver = (url: string, sdk: string, host: Host) => Driver;

import type { ClientEvent, RequestEvent } from './unpack.ts';

/**
 * What runs one client's session and its socket. Every subscription and request has a number of the caller's choosing,
 * unique in the client; what becomes of it is told to the host under that number.
 */
export interface Driver {
  connect(): void;
  /** Ends; what is not done is told to have failed. */
  close(): void;
  subscribe(id: number, channel: string, last: number, since: string | undefined): void;
  unsubscribe(id: number): void;
  publish(id: number, channel: string, payload: Uint8Array, binary: boolean): void;
  history(id: number, channel: string, since: string | undefined, limit: number): void;
  /** Asks who is in a channel: the page after `after`, of at most `limit`, 0 for what the server holds to be one. */
  presence(id: number, channel: string, after: string, limit: number): void;
  /** Tells who is in a channel, and who joins and leaves, while there is a subscription of it. */
  watchPresence(id: number, channel: string): void;
  unwatchPresence(id: number): void;
  /** Answers that a token was asked for; without one the client is anonymous. */
  token(token: string | undefined): void;
  /** Answers that there is no token now, or never will be. */
  noToken(reason: string, final: boolean): void;
  /** Gives back what it holds; to be called once, after `close`. */
  free(): void;
}

/** Takes all that happened in one step. */
export type Host = (events: (RequestEvent | ClientEvent)[]) => void;

/** Hears that a driver's WebAssembly has failed: it does nothing any more, and is not to be called. */
export type Broken = (cause: unknown) => void;

/** Makes drivers, once WebAssembly is loaded. */
export type StartDriver = (url: string, host: Host, broken: Broken) => Driver;

import type { TidewireError } from './errors.ts';
import type { Payload } from './payload.ts';
import type { ClientEvent, RequestEvent, Stored } from './unpack.ts';

/**
 * What runs one client's session and its socket. Every subscription and request has a number of the caller's choosing,
 * unique in the client; what becomes of it is told to the host under that number.
 */
export interface Driver {
  /** Whether nobody wants what comes before the next frame; set by the host. */
  mayHold?: (() => boolean) | undefined;
  /** Lets publications wait so many milliseconds for each other at the server. */
  coalesce?(everyMs: number): void;
  connect(): void;
  /** Ends; what is not done is told to have failed. */
  close(): void;
  subscribe(id: number, channel: string, last: number, since: string | undefined): void;
  unsubscribe(id: number): void;
  publish(id: number, channel: string, payload: Payload): void;
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

/** One that sends nothing before it is stored: it tells `store`, and waits for `stored`. */
export interface DurableDriver extends Driver {
  /** Answers that a publication is stored under this name, or cannot be and is to be sent all the same. */
  stored(id: number, name: Uint8Array): void;
  /** Publishes what an earlier page has left, under the name that it was stored with if any; before `connect`. */
  restore(id: number, stored: Stored): void;
}

/** Takes all that happened in one step; `atOnce` where nobody's call has led to it. */
export type Host = (events: (RequestEvent | ClientEvent)[], atOnce?: boolean) => void;

/** What a page's first scripts have and a driver uses too: loaded with WebAssembly, it would have them once more. */
export interface Commons {
  readonly Failure: typeof TidewireError;
  /** Takes something in with the next frame, before what came is handed over. */
  inFrame(takeIn: () => void): void;
}

/** Hears that a driver's WebAssembly has failed: it does nothing any more, and is not to be called. */
export type Broken = (cause: unknown) => void;

/** Makes drivers, once WebAssembly is loaded. */
export type StartDriver<Made extends Driver = Driver> = (
  url: string,
  host: Host,
  broken: Broken,
  durable?: boolean,
) => Made;

/** Takes what to tell a driver that asked for a token, and tells it. */
export type GiveToken = (tell: (driver: Driver) => void) => void;

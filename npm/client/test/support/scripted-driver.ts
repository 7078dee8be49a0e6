import type { Driver, Host, StartDriver } from '../../src/driver.ts';
import { TidewireError } from '../../src/errors.ts';
import { unpack, type ClientEvent, type RequestEvent } from '../../src/unpack.ts';
import { Packer } from './packer.ts';

/** A driver that remembers what it is asked, and tells what a test says. */
export class ScriptedDriver implements Driver {
  readonly asked: unknown[][] = [];
  host: Host | undefined;

  /** For a client's second argument. */
  readonly load = (): Promise<StartDriver> =>
    Promise.resolve((_url, host) => {
      this.host = host;
      return this;
    });

  /** Tells a batch, and waits until every handler has heard it. */
  async tells(...events: ((packer: Packer) => Packer)[]): Promise<void> {
    await settled();
    const packer = new Packer();
    for (const event of events) event(packer);
    this.hears(packer);
    await settled();
  }

  /** Tells what is packed, at once. */
  hears(packer: Packer): void {
    this.host?.(unpack(packer.bytes(), TidewireError).outputs as (RequestEvent | ClientEvent)[]);
  }

  /** The numbers under which `method` was asked, in order. */
  ids(method: string): number[] {
    return this.asked.filter(([name]) => name === method).map(([, id]) => id as number);
  }

  connect = (): void => this.#note('connect');
  close = (): void => {
    this.#note('close');
    this.hears(new Packer().closed('closed by the application'));
  };
  free = (): void => this.#note('free');
  subscribe = (...asked: unknown[]): void => this.#note('subscribe', ...asked);
  unsubscribe = (...asked: unknown[]): void => this.#note('unsubscribe', ...asked);
  publish = (...asked: unknown[]): void => this.#note('publish', ...asked);
  history = (...asked: unknown[]): void => this.#note('history', ...asked);
  presence = (...asked: unknown[]): void => this.#note('presence', ...asked);
  watchPresence = (...asked: unknown[]): void => this.#note('watchPresence', ...asked);
  unwatchPresence = (...asked: unknown[]): void => this.#note('unwatchPresence', ...asked);
  coalesce = (...asked: unknown[]): void => this.#note('coalesce', ...asked);
  token = (...asked: unknown[]): void => this.#note('token', ...asked);
  noToken = (...asked: unknown[]): void => this.#note('noToken', ...asked);

  #note(...asked: unknown[]): void {
    this.asked.push(asked);
  }
}

/** When all that has been told is heard. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

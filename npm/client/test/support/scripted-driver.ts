import type { Driver, Host, StartDriver } from '../../src/driver.ts';
import { Packer } from './packer.ts';

/** A driver that remembers what it is asked, and tells what a test says. */
export class ScriptedDriver implements Driver {
  readonly asked: unknown[][] = [];
  host: Host | undefined;

  /** For a client's second argument. */
  readonly load = (): Promise<StartDriver> =>
    Promise.resolve((_url, _sdk, host) => {
      this.host = host;
      return this;
    });

  /** Tells a batch, and waits until every handler has heard it. */
  async tells(...events: ((packer: Packer) => Packer)[]): Promise<void> {
    await settled();
    const packer = new Packer();
    for (const event of events) event(packer);
    this.host?.events(packer.bytes());
    await settled();
  }

  /** The numbers under which `method` was asked, in order. */
  ids(method: string): number[] {
    return this.asked.filter(([name]) => name === method).map(([, id]) => id as number);
  }

  connect = (): void => this.#note('connect');
  close = (): void => {
    this.#note('close');
    this.host?.events(new Packer().closed('closed by the application').bytes());
  };
  free = (): void => this.#note('free');
  subscribe = (...asked: unknown[]): void => this.#note('subscribe', ...asked);
  unsubscribe = (...asked: unknown[]): void => this.#note('unsubscribe', ...asked);
  publish_json = (id: number, channel: string, payload: Uint8Array): void =>
    this.#note('publish_json', id, channel, new TextDecoder().decode(payload));
  publish_binary = (...asked: unknown[]): void => this.#note('publish_binary', ...asked);
  history = (...asked: unknown[]): void => this.#note('history', ...asked);
  token = (...asked: unknown[]): void => this.#note('token', ...asked);
  token_unavailable = (...asked: unknown[]): void => this.#note('token_unavailable', ...asked);
  token_refused = (...asked: unknown[]): void => this.#note('token_refused', ...asked);

  #note(...asked: unknown[]): void {
    this.asked.push(asked);
  }
}

/** When all that has been told is heard. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

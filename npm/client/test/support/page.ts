import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { vi } from 'vitest';
import type { DurableDriver, Host } from '../../src/driver.ts';
import { TidewireError } from '../../src/errors.ts';
import { durable, type OutboxOptions } from '../../src/outbox.ts';
import type { ClientEvent, RequestEvent, Stored } from '../../src/unpack.ts';

/** An origin: what its pages share. */
export class Origin {
  readonly #locks = new Map<string, Page>();

  constructor() {
    vi.stubGlobal('indexedDB', new IDBFactory());
  }

  /** A page that lives until it goes. */
  opens(options: OutboxOptions = {}): Page {
    const page: Page = new Page();
    const request = (name: string, _options: object, held: () => Promise<void>) => {
      if (this.#locks.has(name)) return Promise.reject(new Error('somebody has it'));
      this.#locks.set(name, page);
      return held().then(() => void this.#locks.delete(name));
    };
    vi.stubGlobal('navigator', { locks: { request } });
    page.begins(options);
    return page;
  }

  goes(page: Page): void {
    for (const [name, owner] of this.#locks) if (owner === page) this.#locks.delete(name);
  }
}

/** A page with an outbox, whose sessions are played by the test. */
export class Page {
  /** The page's own, and then one for each page that has left something. */
  readonly drivers: PlayedDriver[] = [];
  readonly told: (RequestEvent | ClientEvent)[] = [];

  begins(options: OutboxOptions): void {
    const start = durable(
      (_url, host) => {
        const driver = new PlayedDriver(host);
        this.drivers.push(driver);
        return driver as Partial<DurableDriver> as DurableDriver;
      },
      async give => give(driver => driver.token('secret')),
      options,
      TidewireError,
    );
    start(
      'ws://localhost/v1/connect',
      events => this.told.push(...events),
      () => {},
    );
  }

  get own(): PlayedDriver {
    return this.drivers[0]!;
  }

  /** The errors that were told, by their codes. */
  get troubles(): string[] {
    return this.told.flatMap(event => (event.kind === 'trouble' ? [event.error.code] : []));
  }
}

/** Remembers what it is asked, and tells what the test says. */
export class PlayedDriver implements Partial<DurableDriver> {
  readonly asked: unknown[][] = [];
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  tells(...events: (RequestEvent | ClientEvent)[]): void {
    this.#host(events);
  }

  /** The session wants something stored: with a name it is to be sent, as this. */
  wantsStored(id: number, channel: string, name?: number): void {
    const payload = `"${channel} ${id}"`;
    this.tells({ kind: 'store', id, channel, payload, name: Uint8Array.of(...(name ? [name] : [])) });
  }

  /** The numbers with which `method` was asked, in order. */
  ids(method: string): number[] {
    return this.asked.filter(([name]) => name === method).map(([, id]) => id as number);
  }

  stored = (id: number, name: Uint8Array): void => void this.asked.push(['stored', id, ...name]);
  restore = (id: number, { channel, payload, name }: Stored): void =>
    void this.asked.push(['restore', id, channel, payload, ...name]);
  token = (token: string | undefined): void => void this.asked.push(['token', token]);
  connect = (): void => void this.asked.push(['connect']);
  close = (): void => void this.asked.push(['close']);
  free = (): void => void this.asked.push(['free']);
}

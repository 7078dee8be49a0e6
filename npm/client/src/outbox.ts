import type { Broken, DurableDriver, GiveToken, Host, StartDriver } from './driver.ts';
import type { TidewireError } from './errors.ts';
import { drain } from './outbox/drain.ts';
import { lock } from './outbox/lock.ts';
import { leftBy, open, pages, Records } from './outbox/records.ts';
import type { Stored } from './unpack.ts';

/** How what is published outlives its page. */
export interface OutboxOptions {
  /**
   * Whose it is: only a client with the same name delivers it. Where several people use one browser, name it after the
   * user, or the next one publishes what the one before has left.
   */
  readonly name?: string;
  /** How long something is kept that could not be sent, in milliseconds; by default a day. */
  readonly ttl?: number;
}

const DAY_MS = 86_400_000;
/** A page that goes lets go of its lock, but perhaps not before the next one begins. */
const HANDOVER_MS = 3_000;

/**
 * Makes drivers whose publications are stored before they are sent, and that deliver what earlier pages have left. The
 * class of errors is given: what this file imported would be a chunk of its own, for every page.
 */
export function durable(
  start: StartDriver<DurableDriver>,
  giveToken: (give: GiveToken) => Promise<void>,
  options: OutboxOptions | true,
  Failure: typeof TidewireError,
): StartDriver {
  const { name = '', ttl = DAY_MS }: OutboxOptions = options === true ? {} : options;
  return (url, host, broken) =>
    new Outbox({ start, giveToken, url, name, ttl, Failure }, host, broken).driver;
}

interface Settings extends Required<OutboxOptions> {
  readonly start: StartDriver<DurableDriver>;
  readonly giveToken: (give: GiveToken) => Promise<void>;
  readonly url: string;
  readonly Failure: typeof TidewireError;
}

/** What a page publishes, and what pages before it have left. */
class Outbox {
  readonly driver: DurableDriver;
  readonly #settings: Settings;
  readonly #host: Host;
  readonly #name: string;
  /** When this page was loaded, so that pages are in order, and which one of then. */
  readonly #page = `${Date.now()} ${Math.random()}`;
  readonly #database: Promise<IDBDatabase>;
  readonly #records: Records;
  /** How much of each channel earlier pages have left, which goes first; unknown before they are asked. */
  #ahead: Map<string, number> | undefined;
  /** What is stored, and waits for that. */
  readonly #held = new Map<number, Stored>();
  /** The session has ended: nothing is wanted any more. */
  #over = new AbortController();
  #trouble: string | undefined;

  constructor(settings: Settings, host: Host, broken: Broken) {
    const { start, url, name } = (this.#settings = settings);
    this.#host = host;
    this.#name = `${url} ${name}`;
    this.#database = this.#open();
    this.#records = this.#recordsOf(this.#page, (id, stored) => {
      this.#held.set(id, stored);
      this.#letGo(stored.channel);
    });
    this.driver = start(
      url,
      events => this.#hear(events),
      cause => {
        this.#over.abort();
        broken(cause);
      },
      true,
    );
    void this.#takeOver();
  }

  async #open(): Promise<IDBDatabase> {
    if (!globalThis.indexedDB || !globalThis.navigator?.locks)
      throw new Error('there is no IndexedDB or no Web Locks here; pages have both over https');
    await lock(this.#page);
    return open();
  }

  #recordsOf(
    page: string,
    written: (id: number, stored: Stored) => void,
    ids: Iterable<number> = [],
  ): Records {
    return new Records(
      this.#database,
      [this.#name, page],
      changes => {
        for (const [id, stored] of changes) if (stored?.name.length) written(id, stored);
      },
      cause => this.#troubled(cause),
      ids,
    );
  }

  #hear(events: Parameters<Host>[0]): void {
    for (const event of events) {
      this.#records.hear(event);
      // It waits to be stored once more.
      if (event.kind === 'store') this.#held.delete(event.id);
      if (event.kind === 'status' && event.detail.status === 'closed') this.#over.abort();
      else if (event.kind === 'status' && this.#over.signal.aborted) this.#over = new AbortController();
    }
    this.#host(events.filter(event => event.kind !== 'store'));
  }

  /** Lets the driver send what is stored of a channel, where nothing goes first. */
  #letGo(channel: string): void {
    if (!this.#ahead || this.#ahead.get(channel)) return;
    for (const [id, stored] of this.#held) {
      if (stored.channel !== channel) continue;
      this.#held.delete(id);
      if (!this.#over.signal.aborted) this.driver.stored(id, stored.name);
    }
  }

  /** Delivers what is left of pages that are no more, one page after the other. */
  async #takeOver(): Promise<void> {
    const left = await this.#leftovers().catch((cause: unknown) => {
      this.#troubled(cause);
      return [];
    });
    const { Failure } = this.#settings;
    const ahead = (this.#ahead = new Map<string, number>());
    const count = ({ channel }: Stored, by: number) => {
      ahead.set(channel, (ahead.get(channel) ?? 0) + by);
      this.#letGo(channel);
    };
    for (const { publications } of left) for (const stored of publications.values()) count(stored, 1);
    for (const { channel } of [...this.#held.values()]) this.#letGo(channel);
    for (const { page, publications, letGo } of left) {
      await drain({
        ...this.#settings,
        publications,
        stop: this.#over.signal,
        records: stored => this.#recordsOf(page, (id, { name }) => stored(id, name), publications.keys()),
        expired: () => new Failure('expired', 'no page could send it for as long as the outbox keeps it'),
        answered: (publication, answer) => {
          count(publication, -1);
          this.#host([{ kind: 'answered', publication, answer }]);
        },
      });
      for (const stored of publications.values()) count(stored, -1);
      letGo();
    }
  }

  async #leftovers(): Promise<{ page: string; publications: Map<number, Stored>; letGo: () => void }[]> {
    const database = await this.#database;
    const others = (await pages(database, this.#name)).filter(page => page !== this.#page);
    const left = others.map(async page => {
      // Whoever lives has its lock, and sends by itself what it has stored.
      const letGo = await lock(page, AbortSignal.timeout(HANDOVER_MS)).catch(() => undefined);
      return letGo && { page, publications: await leftBy(database, [this.#name, page]), letGo };
    });
    return (await Promise.all(left)).filter(one => one !== undefined);
  }

  /** The application goes on without what cannot be stored; each reason is told once. */
  #troubled(cause: unknown): void {
    const isFull = (cause as Error | null)?.name === 'QuotaExceededError';
    const code = isFull ? 'outbox_full' : 'outbox_unavailable';
    if (this.#trouble === code) return;
    this.#trouble = code;
    const why = isFull ? 'the browser gives no more space to this origin' : String(cause);
    const message = `what is published now is sent, but does not outlive the page: ${why}`;
    this.#host([
      { kind: 'trouble', error: new this.#settings.Failure(code, message, { cause, advice: 'retry' }) },
    ]);
  }
}

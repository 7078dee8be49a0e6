import type { DurableDriver, GiveToken, Host, StartDriver } from './driver.ts';
import type { TidewireError } from './errors.ts';
import { drain } from './outbox/drain.ts';
import { lock } from './outbox/lock.ts';
import { leftBy, open, pages, records, type Records } from './outbox/records.ts';
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

interface Leftover {
  readonly page: string;
  readonly publications: Map<number, Stored>;
  readonly letGo: () => void;
}

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
  const { name = '', ttl = DAY_MS } = options as OutboxOptions;
  return (url, host, broken) => {
    const outbox = `${url} ${name}`;
    /** When this page was loaded, so that pages are in order, and which one of then. */
    const page = `${Date.now()} ${Math.random()}`;
    const database = opened();
    /** What is stored, and waits for what earlier pages have left. */
    const held = new Map<number, Stored>();
    /** How much of each channel these have left, which goes first; unknown before they are asked. */
    let ahead: Map<string, number> | undefined;
    /** The session has ended: nothing is wanted any more. */
    let over = new AbortController();
    let trouble: string | undefined;

    async function opened(): Promise<IDBDatabase> {
      if (!globalThis.indexedDB || !globalThis.navigator?.locks)
        throw new Error('there is no IndexedDB or no Web Locks here; pages have both over https');
      await lock(page);
      return open();
    }

    const own = recordsOf(page, (id, stored) => {
      held.set(id, stored);
      send();
    });
    const driver = start(
      url,
      hear,
      cause => {
        over.abort();
        broken(cause);
      },
      true,
    );
    void takeOver();
    return driver;

    function recordsOf(
      page: string,
      written: (id: number, stored: Stored) => void,
      ids?: Iterable<number>,
    ): Records {
      return records(database, [outbox, page], written, troubled, ids);
    }

    function hear(...[events, atOnce]: Parameters<Host>): void {
      for (const event of events) {
        own.hear(event);
        // It waits to be stored once more.
        if (event.kind === 'store') held.delete(event.id);
        if (event.kind !== 'status') continue;
        if (event.detail.status === 'closed') over.abort();
        else if (over.signal.aborted) over = new AbortController();
      }
      host(
        events.filter(event => event.kind !== 'store'),
        atOnce,
      );
    }

    /** Lets the driver send what is stored, where nothing goes first. */
    function send(): void {
      for (const [id, { channel, name }] of held) {
        if (!ahead || ahead.get(channel)) continue;
        held.delete(id);
        if (!over.signal.aborted) driver.stored(id, name);
      }
    }

    /** Delivers what is left of pages that are no more, one page after the other. */
    async function takeOver(): Promise<void> {
      const left = await leftovers().catch((cause: unknown) => {
        troubled(cause);
        return [];
      });
      const counts = new Map<string, number>();
      const count = ({ channel }: Stored, by: number) => counts.set(channel, (counts.get(channel) ?? 0) + by);
      for (const { publications } of left) for (const stored of publications.values()) count(stored, 1);
      ahead = counts;
      send();
      for (const { page, publications, letGo } of left) {
        await drain({
          url,
          start,
          giveToken,
          ttl,
          publications,
          stop: over.signal,
          records: stored => recordsOf(page, (id, { name }) => stored(id, name), publications.keys()),
          expired: () => new Failure('expired', 'no page could send it for as long as the outbox keeps it'),
          answered(publication, answer) {
            count(publication, -1);
            send();
            host([{ kind: 'answered', publication, answer }]);
          },
        });
        for (const stored of publications.values()) count(stored, -1);
        send();
        letGo();
      }
    }

    async function leftovers(): Promise<Leftover[]> {
      const opened = await database;
      const left = (await pages(opened, outbox)).map(async other => {
        if (other === page) return undefined;
        // Whoever lives has its lock, and sends by itself what it has stored.
        const letGo = await lock(other, AbortSignal.timeout(HANDOVER_MS)).catch(() => undefined);
        return letGo && { page: other, publications: await leftBy(opened, [outbox, other]), letGo };
      });
      return (await Promise.all(left)).filter(one => one !== undefined);
    }

    /** The application goes on without what cannot be stored; each reason is told once. */
    function troubled(cause: unknown): void {
      const isFull = (cause as Error | null)?.name === 'QuotaExceededError';
      const code = isFull ? 'outbox_full' : 'outbox_unavailable';
      if (trouble === code) return;
      trouble = code;
      const why = isFull ? 'the browser gives no more space to this origin' : String(cause);
      const message = `what is published now is sent, but does not outlive the page: ${why}`;
      host([{ kind: 'trouble', error: new Failure(code, message, { cause, advice: 'retry' }) }]);
    }
  };
}

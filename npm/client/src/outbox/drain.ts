import type { TidewireError } from '../errors.ts';
import type { DurableDriver, GiveToken, StartDriver } from '../driver.ts';
import type { Answer, Stored } from '../unpack.ts';
import type { Records } from './records.ts';

/** What a page has left, and how to deliver it. */
export interface Leftover {
  readonly url: string;
  readonly start: StartDriver<DurableDriver>;
  readonly giveToken: (give: GiveToken) => Promise<void>;
  readonly publications: Map<number, Stored>;
  /** How long something is kept that was never sent, in milliseconds. */
  readonly ttl: number;
  readonly expired: () => TidewireError;
  /** Where its publications are stored; `stored` is to be told what is written there. */
  readonly records: (stored: (id: number, name: Uint8Array) => void) => Records;
  /** Hears what becomes of each. */
  readonly answered: (publication: Stored, answer: Answer) => void;
  /** Stops in the middle: what has no answer remains stored. */
  readonly stop: AbortSignal;
}

/** Delivers what a page has left, over a connection of its own and under that page's names. */
export async function drain(leftover: Leftover): Promise<void> {
  const { url, start, giveToken, publications, ttl, expired, answered, stop } = leftover;
  let driver: DurableDriver | undefined;
  const records = leftover.records((id, name) => driver?.stored(id, name));
  await new Promise<void>(resolve => {
    const end = () => {
      const ended = driver;
      driver = undefined;
      ended?.close();
      ended?.free();
      resolve();
    };
    const answer = (event: Answer) => {
      const publication = publications.get(event.id);
      publications.delete(event.id);
      records.hear(event);
      if (publication) answered(publication, event);
    };
    const hear: Parameters<typeof start>[1] = events => {
      if (!driver) return;
      // What a session fails with that ends by itself is no answer: a later page tries again.
      if (events.some(event => event.kind === 'status' && event.detail.status === 'closed')) return end();
      for (const event of events) {
        if (event.kind === 'fetch-token') void giveToken(tell => driver && tell(driver));
        else if (event.kind === 'published' || event.kind === 'failed') answer(event);
        else records.hear(event);
      }
      if (!publications.size) end();
    };
    // Later, because a driver is not to be ended in the middle of what it does.
    driver = start(
      url,
      events => queueMicrotask(() => hear(events)),
      () => {
        driver = undefined;
        resolve();
      },
      true,
    );
    stop.addEventListener('abort', end);
    for (const [id, stored] of publications) {
      // What may have been sent is old when the server's memory says so.
      if (stored.name.length || Date.now() - stored.at < ttl) driver?.restore(id, stored);
      else answer({ kind: 'failed', id, error: expired() });
    }
    if (!publications.size || stop.aborted) end();
    driver?.connect();
  });
  await records.settled;
}

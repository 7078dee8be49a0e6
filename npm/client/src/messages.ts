import { TidewireError } from './errors.ts';
import type { Gap } from './gap.ts';
import type { Message } from './message.ts';
import type { Handlers, SubscribeOptions, Subscription } from './subscription.ts';

/** Where a loop begins, and how far it may fall behind. */
export interface MessagesOptions extends SubscribeOptions {
  /** How many messages wait for a slow loop; with one more, the loop ends with a gap error. Default 1024. */
  readonly buffer?: number;
}

type Subscribe<Data> = (handlers: Handlers<Data>, options: SubscribeOptions) => Subscription;

/** A subscription as an iterator. What came before its end is handed over first, then the end or the error, once. */
export function messages<Data>(
  subscribe: Subscribe<Data>,
  { buffer = 1024, ...options }: MessagesOptions,
): AsyncIterableIterator<Message<Data>, undefined> {
  const came: Message<Data>[] = [];
  let waiting: ((message?: Message<Data>) => void) | undefined;
  let over = false;
  let subscription: Subscription | undefined;
  let error: TidewireError | undefined;

  /** Gives the loop what it waits for; false where it does not wait. */
  const hand = (message?: Message<Data>): boolean => {
    const resolve = waiting;
    waiting = undefined;
    resolve?.(message);
    return !!resolve;
  };
  const end = (why?: TidewireError): void => {
    if (over) return;
    over = true;
    error = why;
    hand();
    subscription?.close();
  };
  const endBy = (gap: Gap, message: string): void =>
    end(new TidewireError('gap', message, { gap, advice: 'retry' }));

  // One with an aborted signal is over before it is there.
  subscription = subscribe(
    {
      message(data, meta) {
        if (over || hand({ data, meta })) return;
        if (came.length < buffer) came.push({ data, meta });
        else endBy({ reason: 'overflow' }, `the loop is more than ${buffer} messages behind`);
      },
      // That a publisher's messages are lost stands in the next message's meta as well.
      gap: gap => gap.reason === 'missing' || endBy(gap, `publications are missing: ${gap.reason}`),
      error: end,
      closed: end,
    },
    options,
  );

  async function* loop(): AsyncGenerator<Message<Data>, undefined> {
    for (;;) {
      const message =
        came.shift() ??
        (over ? undefined : await new Promise<(typeof came)[0] | undefined>(resolve => (waiting = resolve)));
      if (message) yield message;
      else if (error) throw error;
      else return;
    }
  }
  const iterator = loop();
  return {
    next: () => iterator.next(),
    return() {
      came.length = 0;
      end();
      error = undefined;
      return iterator.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

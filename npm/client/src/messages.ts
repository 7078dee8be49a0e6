import { TidewireError } from './errors.ts';
import type { Message } from './message.ts';
import type { Handlers, SubscribeOptions, Subscription } from './subscription.ts';

/** Where a loop begins, and how far it may fall behind. */
export interface MessagesOptions extends SubscribeOptions {
  /** How many messages wait for a slow loop; with one more, the loop ends with a gap error. Default 1024. */
  readonly buffer?: number;
}

type Subscribe<Data> = (handlers: Handlers<Data>, options: SubscribeOptions) => Subscription;
type Result<Data> = IteratorResult<Message<Data>, undefined>;
interface Waiting<Data> {
  resolve(result: Result<Data>): void;
  reject(error: TidewireError): void;
}

const DONE = { done: true, value: undefined } as const;

/** A subscription as an iterator. What came before its end is handed over first, then the end or the error, once. */
export class Messages<Data> implements AsyncIterableIterator<Message<Data>, undefined> {
  readonly #subscription: Subscription;
  readonly #most: number;
  readonly #buffer: Message<Data>[] = [];
  readonly #waiting: Waiting<Data>[] = [];
  #error: TidewireError | undefined;
  #over = false;

  constructor(subscribe: Subscribe<Data>, { buffer = 1024, ...options }: MessagesOptions) {
    this.#most = buffer;
    this.#subscription = subscribe(
      {
        message: (data, meta) => this.#push({ data, meta }),
        // That a publisher's messages are lost stands in the next message's meta as well.
        gap: gap => {
          if (gap.reason !== 'missing') {
            this.#end(
              new TidewireError('gap', `publications are missing: ${gap.reason}`, { gap, advice: 'retry' }),
            );
          }
        },
        error: error => this.#end(error),
        closed: () => this.#end(),
      },
      options,
    );
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<Data>> {
    const value = this.#buffer.shift();
    if (value) return Promise.resolve({ done: false, value });
    if (this.#error) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#over) return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  return(): Promise<Result<Data>> {
    this.#buffer.length = 0;
    this.#end();
    this.#error = undefined;
    return Promise.resolve(DONE);
  }

  #push(message: Message<Data>): void {
    if (this.#over) return;
    const waiting = this.#waiting.shift();
    if (waiting) waiting.resolve({ done: false, value: message });
    else if (this.#buffer.length < this.#most) this.#buffer.push(message);
    else {
      const gap = { reason: 'overflow' };
      this.#end(
        new TidewireError('gap', `the loop is more than ${this.#most} messages behind`, {
          gap,
          advice: 'retry',
        }),
      );
    }
  }

  #end(error?: TidewireError): void {
    if (this.#over) return;
    this.#over = true;
    const [first, ...rest] = this.#waiting.splice(0);
    if (first && error) first.reject(error);
    else {
      first?.resolve(DONE);
      this.#error = error;
    }
    for (const waiting of rest) waiting.resolve(DONE);
    this.#subscription.close();
  }
}

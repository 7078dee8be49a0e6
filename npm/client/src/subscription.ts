import { Coalescer, type Coalesce } from './coalescer.ts';
import type { Engine } from './engine.ts';
import type { TidewireError } from './errors.ts';
import { HAND_OVER } from './frames.ts';
import type { Gap } from './gap.ts';
import type { Meta, RawMessage } from './message.ts';
import { guard, report } from './report.ts';
import type { RequestEvent } from './unpack.ts';

/** What a subscriber wants to hear. What a handler throws is reported and harms nobody else. */
export interface Handlers<Data> {
  /** Every message, once and in order. */
  message?(data: Data, meta: Meta): void;
  /** Publications are missing; told before what follows them. Without this handler it is a warning in the console. */
  gap?(gap: Gap): void;
  /** The subscription is live: the first time, and after each loss of the connection. */
  subscribed?(info: SubscribedInfo): void;
  /**
   * A message was skipped because it cannot be read or is not what the schema says, or the subscription is over.
   * Without this handler it is reported to the page.
   */
  error?(error: TidewireError): void;
  /** The subscription is over: by its own `close`, by the client's, or by the server's, after `error`. */
  closed?(): void;
}

/** How a subscription came live. */
export interface SubscribedInfo {
  /** How many messages were missed and are replayed. */
  readonly replayed: number;
  /** It continues where it was: nothing is missing. */
  readonly recovered: boolean;
  /** Where it stands; null in a channel without a log. */
  readonly position: string | null;
}

/** Where a subscription begins. */
export interface SubscribeOptions {
  /** So many messages before the newest, as far as the log holds them. */
  readonly last?: number;
  /** After this position, as from a message's meta or a history. */
  readonly since?: string;
  /**
   * When messages and gaps are handed over: as they come, once per animation frame, or at most every so many
   * milliseconds; all of them, in order, each by its own call. Default `none`: as they come.
   */
  readonly coalesce?: Coalesce;
  /** Closes the subscription when aborted. */
  readonly signal?: AbortSignal;
}

/** `pending`: asked for, or the connection is away. `live`: messages come. `closed`: it is over. */
export type SubscriptionStatus = 'pending' | 'live' | 'closed';

/** Reads a message and hands it over; or says why that cannot be. */
type Deliver = (message: RawMessage) => TidewireError | undefined;

/** What came in so many steps waits to be handed over at most. */
const MOST_HELD = 1000;

/** One subscriber of a channel; all of a client's subscribers of a channel share what comes over the wire. */
export class Subscription {
  /** The channel's name. */
  readonly channel: string;
  readonly #engine: Engine;
  readonly #deliver: Deliver;
  readonly #handlers: Omit<Handlers<unknown>, 'message'>;
  readonly #signal: AbortSignal | undefined;
  readonly #id: number;
  readonly #held: RequestEvent[] = [];
  readonly #coalescer: Coalescer;
  /** Nothing waits. */
  readonly #isHasty: boolean;
  /** The connection on which it became live last. */
  #liveOn: string | undefined;
  #closed = false;

  /** @internal */
  constructor(
    engine: Engine,
    channel: string,
    deliver: Deliver,
    handlers: Omit<Handlers<unknown>, 'message'>,
    { last = 0, since, coalesce = 'none', signal }: SubscribeOptions,
  ) {
    this.channel = channel;
    this.#engine = engine;
    this.#deliver = deliver;
    this.#handlers = handlers;
    this.#signal = signal;
    this.#isHasty = coalesce === 'none';
    this.#coalescer = new Coalescer(coalesce, () => this.#handOver(), HAND_OVER);
    this.#id = engine.request(
      event => this.#hear(event),
      (driver, id) => driver.subscribe(id, channel, last, since),
      coalesce === 'frame',
    );
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', this.close);
  }

  /** How the subscription stands. */
  get status(): SubscriptionStatus {
    if (this.#closed) return 'closed';
    return this.#liveOn !== undefined && this.#liveOn === this.#engine.connection ? 'live' : 'pending';
  }

  /** Ends the subscription: its handlers hear no more. */
  readonly close = (): void => {
    if (this.#closed) return;
    this.#engine.command(driver => driver.unsubscribe(this.#id));
    this.#end();
  };

  #end(): void {
    this.#closed = true;
    this.#coalescer.cancel();
    this.#engine.forget(this.#id);
    this.#signal?.removeEventListener('abort', this.close);
    guard(() => this.#handlers.closed?.());
  }

  /** Messages and gaps may wait; all else comes at once, after what waits. */
  #hear(event: RequestEvent): void {
    if (this.#isHasty) return this.#tell(event);
    const mayWait = event.kind === 'messages' || event.kind === 'gap';
    if (this.#held.push(event) < MOST_HELD && mayWait) this.#coalescer.ask();
    else this.#handOver();
  }

  #handOver(): void {
    this.#coalescer.cancel();
    // A handler may close the subscription.
    for (const event of this.#held.splice(0)) if (!this.#closed) this.#tell(event);
  }

  #tell(event: RequestEvent): void {
    switch (event.kind) {
      case 'subscribed':
        this.#liveOn = this.#engine.connection;
        guard(() => {
          const { position, replayed, recovered } = event;
          this.#handlers.subscribed?.({ position, replayed, recovered });
        });
        break;
      case 'messages':
        for (const message of event.messages) {
          // A handler may have closed the subscription in the middle of a batch.
          const error = this.#closed ? undefined : this.#deliver(message);
          if (error) this.#fail(error);
        }
        break;
      case 'gap':
        if (this.#handlers.gap) guard(() => this.#handlers.gap?.(event.gap));
        else console.warn(`Tidewire: publications of ${this.channel} are missing`, event.gap);
        break;
      case 'failed':
        // That the application closed its client is no news to it.
        if (event.error.code !== 'closed') this.#fail(event.error);
        this.#end();
        break;
      default:
      // The answer to something else.
    }
  }

  #fail(error: TidewireError): void {
    if (this.#handlers.error) guard(() => this.#handlers.error?.(error));
    else report(error);
  }
}

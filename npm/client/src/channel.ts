import type { Engine, Receiver, Request } from './engine.ts';
import { TidewireError } from './errors.ts';
import { read, type Message, type RawMessage } from './message.ts';
import { messages, type MessagesOptions } from './messages.ts';
import { encode } from './payload.ts';
import {
  PresenceWatch,
  type PresenceHandlers,
  type PresenceOptions,
  type PresencePage,
  type WatchOptions,
} from './presence.ts';
import { report } from './report.ts';
import type { StandardSchema } from './standard-schema.ts';
import { Subscription, type Handlers, type SubscribeOptions } from './subscription.ts';
import type { RequestEvent } from './unpack.ts';
import { valid } from './validate.ts';

/** That the server has a publication. */
export interface Published {
  /** Its place in the channel's log; null where there is no log, or where the place is no longer known. */
  readonly position: string | null;
}

/** How long to wait for the server. */
export interface PublishOptions {
  /** Ends the waiting when aborted: what the client has taken up by then may be accepted all the same. */
  readonly signal?: AbortSignal;
}

/** Which part of a channel's log. */
export interface HistoryOptions {
  /** At most so many messages; the server has a limit of its own. */
  readonly limit?: number;
  /** Only what follows this position; without it, the newest. */
  readonly since?: string;
  /** Ends the waiting when aborted. */
  readonly signal?: AbortSignal;
}

/** A part of a channel's log. */
export interface History<Data> {
  /** Oldest first. */
  readonly publications: readonly Message<Data>[];
  /** The channel's newest position. */
  readonly position: string;
  /** There is more after the last of `publications`. */
  readonly more: boolean;
  /** Why `since` is no longer in the log, where it is not: this page then begins with the oldest that there is. */
  readonly reset: string | null;
  /** What could not be read, or is not what the schema says; left out of `publications`. */
  readonly errors: readonly TidewireError[];
}

type AnswerOf<Kind> = Omit<Extract<RequestEvent, { kind: Kind }>, 'kind' | 'id'>;

/** One channel, typed by its definition. */
export class Channel<Sent, Received> implements AsyncIterable<Message<Received>> {
  /** Its name, with the parameters filled in. */
  readonly name: string;
  readonly #engine: Engine;
  readonly #schema: StandardSchema<Sent, Received> | undefined;

  /** @internal */
  constructor(engine: Engine, name: string, schema: StandardSchema<Sent, Received> | undefined) {
    this.#engine = engine;
    this.name = name;
    this.#schema = schema;
  }

  /** Hands over every message from now on, and with `last` or `since` some from before; each once, in order. */
  subscribe(
    handlers: Handlers<Received> | NonNullable<Handlers<Received>['message']>,
    options: SubscribeOptions = {},
  ): Subscription {
    const all = typeof handlers === 'function' ? { message: handlers } : handlers;
    const deliver = (raw: RawMessage): TidewireError | undefined => {
      if (!all.message) return undefined;
      const message = read(raw, this.#schema);
      if (message instanceof TidewireError) return message;
      // As `guard` does, without a function for each message.
      try {
        all.message(message.data, message.meta);
      } catch (error) {
        report(error);
      }
      return undefined;
    };
    return new Subscription(this.#engine, this.name, deliver, all, options);
  }

  /** The messages for a `for await` loop; leaving the loop unsubscribes. A gap ends it with an error. */
  messages(options: MessagesOptions = {}): AsyncIterableIterator<Message<Received>> {
    return messages((handlers, rest) => this.subscribe(handlers, rest), options);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Message<Received>> {
    return this.messages();
  }

  /**
   * Publishes a message once, however often the connection breaks meanwhile: kept and sent again until the server
   * has it. Rejects with a TidewireError where the server refuses it or the schema does. Once `signal` is aborted it
   * rejects with `aborted`: the message is not taken back, and only what waited for the client to load is never sent.
   */
  async publish(data: Sent, { signal }: PublishOptions = {}): Promise<Published> {
    if (this.#schema) valid(this.#schema, data, 'the message');
    // What is sent is the schema's input: each receiver's schema makes its output of it.
    const payload = encode(data);
    return this.#ask<'published'>((driver, id) => driver.publish(id, this.name, payload), signal);
  }

  /** Reads a part of the channel's log. */
  async history({ limit = 0, since, signal }: HistoryOptions = {}): Promise<History<Received>> {
    const { messages, reset, ...page } = await this.#ask<'history'>(
      (driver, id) => driver.history(id, this.name, since, limit),
      signal,
    );
    const publications: Message<Received>[] = [];
    const errors: TidewireError[] = [];
    for (const raw of messages) {
      const message = read(raw, this.#schema);
      if (message instanceof TidewireError) errors.push(message);
      else publications.push(message);
    }
    return { ...page, publications, reset: reset ?? null, errors };
  }

  /** Asks who is in the channel, in a namespace that has presence. Whoever is subscribed is. */
  async presence({ limit = 0, after = '', signal }: PresenceOptions = {}): Promise<PresencePage> {
    return this.#ask<'presence'>((driver, id) => driver.presence(id, this.name, after, limit), signal);
  }

  /** Keeps up with who is in the channel, while it is subscribed to. */
  watchPresence(
    handlers: PresenceHandlers | NonNullable<PresenceHandlers['changed']>,
    options: WatchOptions = {},
  ): PresenceWatch {
    const all = typeof handlers === 'function' ? { changed: handlers } : handlers;
    return new PresenceWatch(this.#engine, this.name, all, options);
  }

  /** Resolves with what the answer of this kind says, unless the signal is aborted before. */
  #ask<Kind extends 'published' | 'history' | 'presence'>(
    command: Request,
    signal?: AbortSignal,
  ): Promise<AnswerOf<Kind>> {
    return new Promise((resolve, reject) => {
      const hear: Receiver = ({ kind, id, ...answer }) => {
        // A connection that is lost in the meantime is replaced: the request goes out again there.
        if (kind === 'lost') return;
        this.#engine.forget(id);
        signal?.removeEventListener('abort', abort);
        if ('error' in answer) reject(answer.error);
        else resolve(answer as AnswerOf<Kind>);
      };
      const abort = () =>
        hear({
          kind: 'failed',
          id: asked,
          error: new TidewireError('aborted', ABORTED, { cause: signal!.reason }),
        });
      let asked = 0;
      if (signal?.aborted) return abort();
      asked = this.#engine.request(hear, command);
      signal?.addEventListener('abort', abort);
    });
  }
}

/** The session has no way to take back what it was given. */
const ABORTED = 'aborted; a message that was taken up by then may still be accepted';

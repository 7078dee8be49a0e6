import { Channel } from './channel.ts';
import { channelName, type ChannelDefinition, type ParametersArgument } from './define-channel.ts';
import type { GiveToken, StartDriver } from './driver.ts';
import { endpoint } from './endpoint.ts';
import { engine, type Engine } from './engine.ts';
import { TidewireError } from './errors.ts';
import type { OutboxOptions } from './outbox.ts';
import { decode } from './payload.ts';
import { guard, report } from './report.ts';
import type { Status, StatusDetail } from './status.ts';
import type { Answer, ClientEvent, Stored } from './unpack.ts';

/** How a client reaches its server, and as whom. */
export interface ClientOptions {
  /** The server's address: `wss://host/v1/connect`, its origin, or a path on the page's own origin. */
  readonly url: string | URL;
  /**
   * A JSON Web Token, or how to get one: asked at each connect and before the last one expires. When the function
   * throws, it is asked again later; when it throws a TidewireError whose advice is `stop`, the client ends.
   */
  readonly token?: string | (() => string | Promise<string>);
  /** Whether to connect at once. By default yes in browsers, and no elsewhere, as when a page is rendered on a server. */
  readonly autoConnect?: boolean;
  /**
   * Whether this page and others of its origin in the browser reach the server over one socket. By default yes, where
   * the browser and the server can; in workers each client has a socket of its own.
   */
  readonly share?: boolean;
  /**
   * Keeps what is published in IndexedDB until the server has it, so that it survives the page: a later page of the same
   * origin, with the same `url` and the same name here, delivers it, once. By default it does not.
   */
  readonly outbox?: boolean | OutboxOptions;
  /**
   * Writes what the client does as lines for people: to the console with `console.debug`, or to a function. Neither
   * payloads nor tokens are in them. By default it does not, and the code for it is not loaded.
   */
  readonly debug?: boolean | ((line: string) => void);
}

/** What an earlier page published, and this one delivered. */
export interface Delivered {
  readonly channel: string;
  readonly data: unknown;
  /** Its place in the channel's log; null where that is not known any more. */
  readonly position: string | null;
}

/** What a client tells of itself. */
export interface ClientEvents {
  status: StatusDetail;
  error: TidewireError;
  /** What an earlier page published is accepted now; only with an `outbox`. */
  delivered: Delivered;
}

/** A connection to a Tidewire server that comes back by itself, shared by all the channels of a page. */
export class Client {
  readonly #engine: Engine;
  readonly #token: ClientOptions['token'];
  readonly #listeners = new Set<readonly [name: keyof ClientEvents, listener: (event: never) => void]>();
  #status: StatusDetail = { status: 'idle' };

  /** @internal */
  constructor(options: ClientOptions, load: () => Promise<StartDriver>) {
    this.#token = options.token;
    const { outbox, debug } = options;
    const began = Date.now();
    const start = async () => {
      const [plain, kept, told] = await Promise.all([
        load(),
        outbox && import('./outbox.ts'),
        debug && import('./debug.ts'),
      ]);
      const made = kept
        ? kept.durable(plain as never, give => this.#fetchToken(give), outbox as true, TidewireError)
        : plain;
      return told ? told.logged(made, debug as true, began) : made;
    };
    this.#engine = engine(endpoint(options.url), start, event => this.#hear(event));
    if (options.autoConnect ?? isBrowser()) this.connect();
  }

  /** Whether the client is connected, in a word. */
  get status(): Status {
    return this.#status.status;
  }

  /** The status, with the reason and the time of the next attempt. */
  get statusDetail(): StatusDetail {
    return this.#status;
  }

  /** Calls `listener` at every change; returns how to stop that. Errors that nobody listens to are reported. */
  on<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): () => void {
    const added = [name, listener] as const;
    this.#listeners.add(added);
    return () => this.#listeners.delete(added);
  }

  /** A channel of a definition, with a value for each of its parameters. Cheap: nothing is subscribed by this. */
  channel<Pattern extends string, Sent, Received>(
    definition: ChannelDefinition<Pattern, Sent, Received>,
    ...[parameters]: ParametersArgument<Pattern>
  ): Channel<Sent, Received> {
    return new Channel(this.#engine, channelName(definition.pattern, parameters), definition.message);
  }

  /** Connects, where that is not done or the server said not to come back; comes to nothing after `close`. */
  connect(): void {
    this.#engine.connect();
  }

  /** Ends the connection and every subscription for good. */
  close(): void {
    this.#engine.close();
  }

  #hear(event: ClientEvent): void {
    switch (event.kind) {
      case 'status':
        // Loading WebAssembly is connecting already.
        if (event.detail.status === 'connecting' && this.status === 'connecting') return;
        this.#status = event.detail;
        return void this.#tell('status', event.detail);
      case 'trouble':
        if (!this.#tell('error', event.error)) report(event.error);
        return;
      case 'fetch-token':
        return void this.#fetchToken(command => this.#engine.command(command));
      case 'answered':
        return this.#tellAnswer(event.publication, event.answer);
    }
  }

  /** Nobody awaits what an earlier page published: it is told to all. */
  #tellAnswer({ channel, payload }: Stored, answer: Answer): void {
    const publication = { channel, data: decode(payload) };
    if (answer.kind === 'published')
      return void this.#tell('delivered', { ...publication, position: answer.position });
    const { code, message, advice } = answer.error;
    this.#hear({ kind: 'trouble', error: new TidewireError(code, message, { advice, publication }) });
  }

  async #fetchToken(give: GiveToken): Promise<void> {
    try {
      const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
      give(driver => driver.token(token));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const refused = error instanceof TidewireError && error.advice === 'stop';
      give(driver => driver.noToken(reason, refused));
    }
  }

  /** Gives how many listen. */
  #tell<Name extends keyof ClientEvents>(name: Name, event: ClientEvents[Name]): number {
    // A copy: a listener may add or remove others.
    const listeners = [...this.#listeners].filter(([of]) => of === name);
    for (const [, listener] of listeners) guard(() => listener(event as never));
    return listeners.length;
  }
}

/** A page or a worker; neither Node, nor a page that is rendered on a server. */
function isBrowser(): boolean {
  return 'WebSocket' in globalThis && ('document' in globalThis || 'WorkerGlobalScope' in globalThis);
}

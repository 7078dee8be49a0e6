import type { Driver, StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';
import { guard } from './report.ts';
import type { ClientEvent, RequestEvent } from './unpack.ts';

/** Hears what becomes of one subscription or request. */
export type Receiver = (event: RequestEvent) => void;

/** What a driver is asked, under the number that the engine gives. */
export type Request = (driver: Driver, id: number) => void;

type Command = (driver: Driver) => void;

/** How long publications wait for each other at the server, where every subscription waits for a frame anyway. */
const COALESCED_MS = 8;
/** How many commands wait for WebAssembly to load; what comes on top is refused. */
const MOST_WAITING = 1024;

/**
 * Stands between the client and its driver: keeps commands until WebAssembly is there, numbers subscriptions and
 * requests, and hands each event to the one whom it concerns, in order, one after the other.
 */
export class Engine {
  readonly #url: string;
  readonly #load: () => Promise<StartDriver>;
  readonly #client: (event: ClientEvent) => void;
  readonly #receivers = new Map<number, Receiver>();
  /** Those of them who wait for the next frame anyway, and subscriptions that do not. */
  readonly #patient = new Set<number>();
  readonly #hasty = new Set<number>();
  #coalesced = false;
  #phase: 'idle' | 'loading' | 'running' | 'closed' = 'idle';
  #driver: Driver | undefined;
  #waiting: Command[] = [];
  #events: (RequestEvent | ClientEvent)[] = [];
  #telling = false;
  #lastId = 0;
  #connection: string | undefined;

  constructor(url: string, load: () => Promise<StartDriver>, client: (event: ClientEvent) => void) {
    this.#url = url;
    this.#load = load;
    this.#client = client;
  }

  /** The name of the live connection; none where the client is not live. */
  get connection(): string | undefined {
    return this.#connection;
  }

  /** Loads WebAssembly where it is not there, and connects. */
  connect(): void {
    if (this.#phase === 'running') this.#driver?.connect();
    if (this.#phase !== 'idle') return;
    this.#phase = 'loading';
    this.#tell([{ kind: 'status', detail: { status: 'connecting' } }]);
    this.#load().then(
      start => this.#start(start),
      (error: unknown) => this.#fail('idle', 'does not load', error),
    );
  }

  /** Ends everything: what is open fails with `closed`. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    if (this.#driver) {
      this.#driver.close();
      this.#driver.free();
      this.#driver = undefined;
    } else {
      this.#tell([{ kind: 'status', detail: { status: 'closed', reason: 'closed by the application' } }]);
    }
    this.#failAll(closed());
  }

  /** Gives the driver a command that needs no answer. */
  command(command: Command): void {
    if (this.#driver) command(this.#driver);
    else if (this.#phase !== 'closed') this.#waiting.push(command);
  }

  /**
   * Gives the driver a subscription or request, under a new number; the receiver hears what becomes of it, a patient
   * one not before the next frame where all are. Of a mere request it does not matter whether it is patient.
   */
  request(receiver: Receiver, command: Request, isPatient?: boolean): number {
    const id = ++this.#lastId;
    this.#receivers.set(id, receiver);
    if (isPatient !== undefined) {
      (isPatient ? this.#patient : this.#hasty).add(id);
      this.#coalesce();
    }
    if (this.#phase === 'closed') this.#tell([{ kind: 'failed', id, error: closed() }]);
    else if (!this.#driver && this.#waiting.length >= MOST_WAITING)
      this.#tell([{ kind: 'failed', id, error: full() }]);
    else this.command(driver => this.#receivers.has(id) && command(driver, id));
    return id;
  }

  /** Forgets a subscription or request: its receiver hears no more. */
  forget(id: number): void {
    this.#receivers.delete(id);
    this.#patient.delete(id);
    if (this.#hasty.delete(id)) this.#coalesce();
  }

  /** Without any subscription the server need not hear of it. */
  #coalesce(): void {
    const may = !this.#hasty.size;
    if (may === this.#coalesced || (may && !this.#patient.size)) return;
    this.#coalesced = may;
    this.command(driver => driver.coalesce?.(may ? COALESCED_MS : 0));
  }

  #start(start: StartDriver): void {
    if (this.#phase === 'closed') return;
    const driver = start(
      this.#url,
      (events, atOnce) => this.#tell(events, atOnce),
      cause => this.#fail('closed', 'has failed', cause),
    );
    driver.mayHold = () =>
      !!this.#connection && !!this.#patient.size && this.#patient.size === this.#receivers.size;
    this.#driver = driver;
    this.#phase = 'running';
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const command of waiting) this.command(command);
    // A handler that the commands reached may have closed the client.
    this.#driver?.connect();
  }

  /** WebAssembly does not load, which may pass, or has failed, which stays. */
  #fail(phase: 'idle' | 'closed', what: string, cause: unknown): void {
    if (this.#phase === 'closed') return;
    this.#phase = phase;
    this.#driver = undefined;
    this.#waiting = [];
    const error =
      cause instanceof TidewireError
        ? cause
        : new TidewireError('wasm_failed', `Tidewire's WebAssembly ${what}: ${String(cause)}`, {
            cause,
          });
    this.#failAll(error);
    this.#tell([
      { kind: 'trouble', error },
      { kind: 'status', detail: { status: 'closed', reason: error.message } },
    ]);
  }

  #failAll(error: TidewireError): void {
    this.#tell([...this.#receivers.keys()].map(id => ({ kind: 'failed', id, error })));
  }

  /** Later, but before anything else happens: so a handler never runs inside a call of its own application. */
  #tell(events: (RequestEvent | ClientEvent)[], atOnce = false): void {
    this.#events.push(...events);
    if (this.#telling) return;
    this.#telling = true;
    const tell = () => {
      for (let event; (event = this.#events.shift());) this.#tellOne(event);
      this.#telling = false;
    };
    if (atOnce) tell();
    // As queueMicrotask would, for which Chromium takes ten times as long.
    else void Promise.resolve().then(tell);
  }

  #tellOne(event: RequestEvent | ClientEvent): void {
    if (event.kind === 'status') {
      this.#connection = event.detail.connection;
      if (!this.#connection)
        for (const [id, receiver] of [...this.#receivers]) guard(() => receiver({ kind: 'lost', id }));
    }
    guard(() => ('id' in event ? this.#receivers.get(event.id)?.(event) : this.#client(event)));
  }
}

function closed(): TidewireError {
  return new TidewireError('closed', 'the client is closed');
}

function full(): TidewireError {
  return new TidewireError('overflow', `more than ${MOST_WAITING} requests wait for the client to connect`, {
    advice: 'retry',
  });
}

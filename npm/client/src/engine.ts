import type { Driver, StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';
import { guard } from './report.ts';
import type { ClientEvent, RequestEvent } from './unpack.ts';

/** Hears what becomes of one subscription or request. */
export type Receiver = (event: RequestEvent) => void;

/** What a driver is asked, under the number that the engine gives. */
export type Request = (driver: Driver, id: number) => void;

type Command = (driver: Driver) => void;

/** How long publications wait for each other at the server, where every subscription waits for a frame anyway: one. */
const COALESCED_MS = 16;
/** How many commands wait for WebAssembly to load; what comes on top is refused. */
const MOST_WAITING = 1024;

/**
 * Stands between the client and its driver: keeps commands until WebAssembly is there, numbers subscriptions and
 * requests, and hands each event to the one whom it concerns, in order, one after the other.
 */
export interface Engine {
  /** The name of the live connection; none where the client is not live. */
  readonly connection: string | undefined;
  /** Loads WebAssembly where it is not there, and connects. */
  connect(): void;
  /** Ends everything: what is open fails with `closed`. */
  close(): void;
  /** Gives the driver a command that needs no answer. */
  command(command: Command): void;
  /**
   * Gives the driver a subscription or request, under a new number; the receiver hears what becomes of it, a patient
   * one not before the next frame where all are. Of a mere request it does not matter whether it is patient.
   */
  request(receiver: Receiver, command: Request, isPatient?: boolean): number;
  /** Forgets a subscription or request: its receiver hears no more. */
  forget(id: number): void;
}

/** Begins one, which does nothing before it is told to connect. */
export function engine(
  url: string,
  load: () => Promise<StartDriver>,
  client: (event: ClientEvent) => void,
): Engine {
  const receivers = new Map<number, Receiver>();
  /** Those of them who wait for the next frame anyway, and subscriptions that do not. */
  const patient = new Set<number>();
  const hasty = new Set<number>();
  let isCoalesced = false;
  let phase: 'idle' | 'loading' | 'running' | 'closed' = 'idle';
  let driver: Driver | undefined;
  let waiting: Command[] = [];
  const events: (RequestEvent | ClientEvent)[] = [];
  let isTelling = false;
  let lastId = 0;
  let connection: string | undefined;

  function connect(): void {
    if (phase === 'running') driver?.connect();
    if (phase !== 'idle') return;
    phase = 'loading';
    tell([{ kind: 'status', detail: { status: 'connecting' } }]);
    load().then(run, (error: unknown) => fail('idle', 'does not load', error));
  }

  function close(): void {
    if (phase === 'closed') return;
    phase = 'closed';
    if (driver) {
      driver.close();
      driver.free();
      driver = undefined;
    } else {
      tell([{ kind: 'status', detail: { status: 'closed', reason: 'closed by the application' } }]);
    }
    failAll(closed());
  }

  function command(command: Command): void {
    if (driver) command(driver);
    else if (phase !== 'closed') waiting.push(command);
  }

  function request(receiver: Receiver, asked: Request, isPatient?: boolean): number {
    const id = ++lastId;
    receivers.set(id, receiver);
    if (isPatient !== undefined) {
      (isPatient ? patient : hasty).add(id);
      coalesce();
    }
    if (phase === 'closed') tell([{ kind: 'failed', id, error: closed() }]);
    else if (!driver && waiting.length >= MOST_WAITING) tell([{ kind: 'failed', id, error: full() }]);
    else command(driver => receivers.has(id) && asked(driver, id));
    return id;
  }

  function forget(id: number): void {
    receivers.delete(id);
    patient.delete(id);
    if (hasty.delete(id)) coalesce();
  }

  /** Without any subscription the server need not hear of it. */
  function coalesce(): void {
    const may = !hasty.size;
    if (may === isCoalesced || (may && !patient.size)) return;
    isCoalesced = may;
    command(driver => driver.coalesce?.(may ? COALESCED_MS : 0));
  }

  function run(start: StartDriver): void {
    if (phase === 'closed') return;
    driver = start(url, tell, cause => fail('closed', 'has failed', cause));
    driver.mayHold = () => !!connection && !!patient.size && patient.size === receivers.size;
    phase = 'running';
    const commands = waiting;
    waiting = [];
    commands.forEach(command);
    // A handler that the commands reached may have closed the client.
    driver?.connect();
  }

  /** WebAssembly does not load, which may pass, or has failed, which stays. */
  function fail(then: 'idle' | 'closed', what: string, cause: unknown): void {
    if (phase === 'closed') return;
    phase = then;
    driver = undefined;
    waiting = [];
    const error =
      cause instanceof TidewireError
        ? cause
        : new TidewireError('wasm_failed', `Tidewire's WebAssembly ${what}: ${String(cause)}`, {
            cause,
          });
    failAll(error);
    tell([
      { kind: 'trouble', error },
      { kind: 'status', detail: { status: 'closed', reason: error.message } },
    ]);
  }

  function failAll(error: TidewireError): void {
    tell([...receivers.keys()].map(id => ({ kind: 'failed', id, error })));
  }

  /** Later, but before anything else happens: so a handler never runs inside a call of its own application. */
  function tell(news: (RequestEvent | ClientEvent)[], atOnce = false): void {
    events.push(...news);
    if (isTelling) return;
    isTelling = true;
    // As queueMicrotask would, for which Chromium takes ten times as long.
    if (!atOnce) return void Promise.resolve().then(tellAll);
    tellAll();
  }

  function tellAll(): void {
    for (let event; (event = events.shift());) tellOne(event);
    isTelling = false;
  }

  function tellOne(event: RequestEvent | ClientEvent): void {
    if (event.kind === 'status') {
      connection = event.detail.connection;
      if (!connection)
        for (const [id, receiver] of [...receivers]) guard(() => receiver({ kind: 'lost', id }));
    }
    guard(() => ('id' in event ? receivers.get(event.id)?.(event) : client(event)));
  }

  return {
    get connection() {
      return connection;
    },
    connect,
    close,
    command,
    request,
    forget,
  };
}

function closed(): TidewireError {
  return new TidewireError('closed', 'the client is closed');
}

function full(): TidewireError {
  return new TidewireError('overflow', `more than ${MOST_WAITING} requests wait for the client to connect`, {
    advice: 'retry',
  });
}

import type { Broken, Commons, DurableDriver, Host } from './driver.ts';
import type { Carrier } from './link.ts';
import { ONLINE, watchPage } from './page.ts';
import type { Payload } from './payload.ts';
import type { Session } from './session.ts';
import { unpack, type Stored } from './unpack.ts';

/** What happened, in the fields of client-wasm's `told.rs`. */
interface Told {
  id?: number;
  count?: number;
  since?: string | undefined;
  /** When it happened, where that is not now. */
  now?: number;
  text?: string;
  bytes?: Uint8Array;
}

/** The kinds of it; page.ts has more. */
const TICK = 0;
const CONNECT = 1;
const CLOSE = 2;
const SUBSCRIBE = 3;
const UNSUBSCRIBE = 4;
const PUBLISH_JSON = 5;
const PUBLISH_BINARY = 6;
const HISTORY = 7;
const ANONYMOUS = 8;
const TOKEN = 9;
const TOKEN_UNAVAILABLE = 10;
const TOKEN_REFUSED = 11;
const OPENED = 12;
const RECEIVED = 13;
const CLOSED = 14;
const CLOCK_JUMPED = 20;
const PRESENCE = 21;
const WATCH_PRESENCE = 22;
const UNWATCH_PRESENCE = 23;
const STORED = 24;
const RESTORE_JSON = 25;
const COALESCE = 27;

/** A clock that goes on so much further than timers or the page's own clock means that the machine slept. */
const SLEPT_MS = 5_000;
/** With so many bytes no message waits for the frame any more. */
const MOST_HELD = 65_536;
/** The longest time that `setTimeout` takes; what is later takes several rounds. */
const LONGEST_MS = 2 ** 31 - 1;

/** A session in WebAssembly with its edges: sockets, a timer, the page's events. */
export class BrowserDriver implements DurableDriver {
  mayHold: (() => boolean) | undefined;
  /** None once it has trapped. */
  #session: Session | undefined;
  readonly #host: Host;
  readonly #broken: Broken;
  readonly #dial: (elder: Carrier | undefined) => Carrier;
  readonly #commons: Commons;
  /** The open link, and while the session moves to another node also the one before. */
  readonly #links = new Map<number, Carrier>();
  /** What has come over the only link and waits for the frame. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = Infinity;
  /** How far apart wall clock and page clock are, which in some systems stands still while the machine sleeps. */
  #apart = apart();
  #unwatch: (() => void) | undefined;

  /** `dial` opens a link, not over the socket of the elder. */
  constructor(
    session: Session,
    dial: (elder: Carrier | undefined) => Carrier,
    host: Host,
    broken: Broken,
    commons: Commons,
  ) {
    this.#commons = commons;
    this.#session = session;
    this.#dial = dial;
    this.#host = host;
    this.#broken = broken;
  }

  connect(): void {
    this.#unwatch ??= watchPage(wake => this.#tell(wake));
    this.#tell(CONNECT);
  }

  close(): void {
    this.#unwatch?.();
    this.#tell(CLOSE);
  }

  subscribe(id: number, channel: string, last: number, since: string | undefined): void {
    this.#tell(SUBSCRIBE, { id, text: channel, count: last, since });
  }

  unsubscribe(id: number): void {
    this.#tell(UNSUBSCRIBE, { id });
  }

  publish(id: number, channel: string, payload: Payload): void {
    if (typeof payload === 'string') this.#tell(PUBLISH_JSON, { id, text: channel, bytes: utf8(payload) });
    else this.#tell(PUBLISH_BINARY, { id, text: channel, bytes: payload });
  }

  history(id: number, channel: string, since: string | undefined, limit: number): void {
    this.#tell(HISTORY, { id, text: channel, count: limit, since });
  }

  presence(id: number, channel: string, after: string, limit: number): void {
    this.#tell(PRESENCE, { id, text: channel, count: limit, bytes: utf8(after) });
  }

  watchPresence(id: number, channel: string): void {
    this.#tell(WATCH_PRESENCE, { id, text: channel });
  }

  unwatchPresence(id: number): void {
    this.#tell(UNWATCH_PRESENCE, { id });
  }

  stored(id: number, name: Uint8Array): void {
    this.#tell(STORED, { id, bytes: name });
  }

  restore(id: number, { channel, payload, name, at }: Stored): void {
    const now = clock();
    const isText = typeof payload === 'string';
    this.#tell((name.length ? RESTORE_JSON : PUBLISH_JSON) + +!isText, {
      id,
      // A wall clock that was set back makes it old, not young.
      now: now - Math.abs(now - at),
      text: channel,
      bytes: new Uint8Array([...name, ...(isText ? utf8(payload) : payload)]),
    });
  }

  coalesce(everyMs: number): void {
    this.#tell(COALESCE, { count: everyMs });
  }

  token(token: string | undefined): void {
    if (token === undefined) this.#tell(ANONYMOUS);
    else this.#tell(TOKEN, { text: token });
  }

  noToken(reason: string, final: boolean): void {
    this.#tell(final ? TOKEN_REFUSED : TOKEN_UNAVAILABLE, { text: reason });
  }

  free(): void {
    clearTimeout(this.#timer);
    this.#session?.free();
  }

  /** Tells the session what happened, after all that came before, and does what it then wants. */
  #tell(
    kind: number,
    { id = 0, count = 0, since, now, text, bytes = NOTHING }: Told = {},
    atOnce?: boolean,
  ): void {
    this.#takeIn(false);
    let offset = -1;
    let tag = 0;
    if (since !== undefined) {
      const [, entry, history] = POSITION.exec(since) ?? [];
      if (!entry) {
        const error = new this.#commons.Failure('bad_position', `"${since}" is no position`);
        return this.#host([{ kind: 'failed', id, error }]);
      }
      offset = +entry;
      tag = parseInt(history!, 16);
    }
    const at = clock();
    const before = this.#apart;
    this.#apart = apart(at);
    if (this.#apart - before > SLEPT_MS) this.#tell(CLOCK_JUMPED);

    if (!this.#session) return;
    let answer;
    try {
      const said = text ? utf8(text) : NOTHING;
      answer = this.#session.handle(now ?? at, kind, id, count, offset, tag, said, bytes);
    } catch (cause) {
      return this.#breaks(cause);
    }
    const { due, outputs } = unpack(this.#session.memory, this.#commons.Failure, answer);
    const events = [];
    for (const output of outputs) {
      if (output.kind === 'open') this.#open(output.id);
      else if (output.kind === 'send') this.#links.get(output.id)?.send(output.message);
      else if (output.kind === 'close') this.#take(output.id)?.close(output.code);
      else events.push(output);
    }
    this.#wait(due);
    if (events.length) this.#host(events, atOnce);
  }

  /** The session has trapped: with it goes all that it had. */
  #breaks(cause: unknown): void {
    this.#session = undefined;
    this.#unwatch?.();
    clearTimeout(this.#timer);
    for (const id of this.#links.keys()) this.#take(id)?.close();
    this.#broken(cause);
  }

  /** Messages that nobody wants before the next frame are taken in together, then: each crossing costs. */
  #receive(id: number, data: ArrayBuffer | string, at?: number): void {
    const bytes = typeof data === 'string' ? UNREADABLE : new Uint8Array(data, at);
    if (bytes === UNREADABLE || !(this.#heldBytes || this.#mayHold()))
      return this.#tell(RECEIVED, { id, bytes }, true);
    if (!this.#heldBytes) this.#commons.inFrame(this.#takeIn);
    this.#heldBytes += bytes.length;
    this.#held.push(bytes);
    if (this.#heldBytes > MOST_HELD) this.#takeIn(false);
  }

  /** Without a page there are no frames, and while it is hidden none come. */
  #mayHold(): boolean {
    return !!this.mayHold?.() && this.#links.size < 2 && globalThis.document?.hidden === false;
  }

  /** Messages that follow each other are one message. */
  readonly #takeIn = (atOnce = true): void => {
    if (!this.#heldBytes) return;
    const [id] = this.#links.keys();
    const bytes = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (const message of this.#held.splice(0)) {
      bytes.set(message, at);
      at += message.length;
    }
    this.#heldBytes = 0;
    this.#tell(RECEIVED, { id: id!, bytes }, atOnce);
  };

  #open(id: number): void {
    const [elder] = this.#links.values();
    const link = this.#dial(elder);
    link.onopen = () => this.#tell(OPENED, { id });
    link.onmessage = ({ data, at }) => this.#receive(id, data, at);
    link.onclose = ({ code, reason, moved }) => {
      this.#takeIn(false);
      this.#take(id);
      this.#tell(CLOSED, { id, count: code, text: reason });
      if (moved) this.#tell(ONLINE);
    };
    this.#links.set(id, link);
  }

  /** Takes a link out; nothing more is heard of it. */
  #take(id: number): Carrier | undefined {
    const link = this.#links.get(id);
    if (link) link.onopen = link.onmessage = link.onclose = null;
    this.#links.delete(id);
    return link;
  }

  /**
   * Comes back at this moment, or earlier. A timer that would ring too early is left as it is: most deadlines move away
   * with each message, and an early tick is cheaper than a new timer each time.
   */
  #wait(due: number): void {
    if (this.#due <= due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    const timer = setTimeout(
      () => {
        this.#due = Infinity;
        if (clock() - due > SLEPT_MS) this.#tell(CLOCK_JUMPED);
        this.#tell(TICK);
      },
      Math.max(0, Math.min(due - clock(), LONGEST_MS)),
    );
    // In Node a timer would keep the process alive.
    if (typeof timer === 'object') timer.unref();
    this.#timer = timer;
  }
}

const POSITION = /^(0|[1-9]\d*)-([0-9a-f]{8})$/;
const NOTHING = new Uint8Array();
const encoder = new TextEncoder();
/** A message that is none, in place of text on a binary connection. */
const UNREADABLE = Uint8Array.of(255);

function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** To read it takes as long as to read the clock. */
const ORIGIN = performance.timeOrigin;

/** Milliseconds since 1970 that never go back: a later page goes on where this one is. */
function clock(): number {
  return ORIGIN + performance.now();
}

/** How much the wall clock is ahead. */
function apart(at = clock()): number {
  return Date.now() - at;
}

import type { Broken, Commons, DurableDriver, Host } from './driver.ts';
import type { Carrier } from './link.ts';
import { ONLINE, watchPage } from './page.ts';
import type { Payload } from './payload.ts';
import type { Session } from './session.ts';
import { unpack } from './unpack.ts';

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
/** And of bytes, the one after it; so for what is restored. */
const PUBLISH_JSON = 5;
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

/** A session in WebAssembly with its edges: sockets, a timer, the page's events. `dial` opens a link, not over the socket of the elder. */
export function browserDriver(
  started: Session,
  dial: (elder: Carrier | undefined) => Carrier,
  host: Host,
  broken: Broken,
  { Failure, inFrame }: Commons,
): DurableDriver {
  /** None once it has trapped. */
  let session: Session | undefined = started;
  /** The open link, and while the session moves to another node also the one before. */
  const links = new Map<number, Carrier>();
  /** What has come over the only link and waits for the frame. */
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ringsAt = Infinity;
  /** How far apart wall clock and page clock are, which in some systems stands still while the machine sleeps. */
  let lastApart = apart();
  let unwatch: (() => void) | undefined;

  const driver: DurableDriver = {
    mayHold: undefined,
    connect() {
      unwatch ??= watchPage(wake => tell(wake));
      tell(CONNECT);
    },
    close() {
      unwatch?.();
      tell(CLOSE);
    },
    subscribe(id, channel, last, since) {
      tell(SUBSCRIBE, { id, text: channel, count: last, since });
    },
    unsubscribe(id) {
      tell(UNSUBSCRIBE, { id });
    },
    publish(id, channel, payload) {
      const isText = typeof payload === 'string';
      tell(PUBLISH_JSON + +!isText, { id, text: channel, bytes: bytesOf(payload) });
    },
    history(id, channel, since, limit) {
      tell(HISTORY, { id, text: channel, count: limit, since });
    },
    presence(id, channel, after, limit) {
      tell(PRESENCE, { id, text: channel, count: limit, bytes: bytesOf(after) });
    },
    watchPresence(id, channel) {
      tell(WATCH_PRESENCE, { id, text: channel });
    },
    unwatchPresence(id) {
      tell(UNWATCH_PRESENCE, { id });
    },
    stored(id, name) {
      tell(STORED, { id, bytes: name });
    },
    restore(id, { channel, payload, name, at }) {
      const now = clock();
      const isText = typeof payload === 'string';
      tell((name.length ? RESTORE_JSON : PUBLISH_JSON) + +!isText, {
        id,
        // A wall clock that was set back makes it old, not young.
        now: now - Math.abs(now - at),
        text: channel,
        bytes: new Uint8Array([...name, ...bytesOf(payload)]),
      });
    },
    coalesce(everyMs) {
      tell(COALESCE, { count: everyMs });
    },
    token(token) {
      if (token === undefined) tell(ANONYMOUS);
      else tell(TOKEN, { text: token });
    },
    noToken(reason, final) {
      tell(final ? TOKEN_REFUSED : TOKEN_UNAVAILABLE, { text: reason });
    },
    free() {
      clearTimeout(timer);
      session?.free();
    },
  };
  return driver;

  /** Tells the session what happened, after all that came before, and does what it then wants. */
  function tell(
    kind: number,
    { id = 0, count = 0, since, now, text = '', bytes = NOTHING }: Told = {},
    atOnce?: boolean,
  ): void {
    takeIn(false);
    let offset = -1;
    let tag = 0;
    if (since !== undefined) {
      const [, entry, history] = POSITION.exec(since) ?? [];
      if (!entry) {
        const error = new Failure('bad_position', `"${since}" is no position`);
        return host([{ kind: 'failed', id, error }]);
      }
      offset = +entry;
      tag = parseInt(history!, 16);
    }
    const at = clock();
    const before = lastApart;
    lastApart = apart(at);
    if (lastApart - before > SLEPT_MS) tell(CLOCK_JUMPED);

    if (!session) return;
    let answer;
    try {
      const said = text ? bytesOf(text) : NOTHING;
      answer = session.handle(now ?? at, kind, id, count, offset, tag, said, bytes);
    } catch (cause) {
      return breaks(cause);
    }
    const { due, outputs } = unpack(session.memory, Failure, answer);
    const events = [];
    for (const output of outputs) {
      if (output.kind === 'open') open(output.id);
      else if (output.kind === 'send') links.get(output.id)?.send(output.message);
      else if (output.kind === 'close') take(output.id)?.close(output.code);
      else events.push(output);
    }
    wait(due);
    if (events.length) host(events, atOnce);
  }

  /** The session has trapped: with it goes all that it had. */
  function breaks(cause: unknown): void {
    session = undefined;
    unwatch?.();
    clearTimeout(timer);
    for (const id of links.keys()) take(id)?.close();
    broken(cause);
  }

  /** Messages that nobody wants before the next frame are taken in together, then: each crossing costs. */
  function receive(id: number, data: ArrayBuffer | string, at?: number): void {
    const bytes = typeof data === 'string' ? UNREADABLE : new Uint8Array(data, at);
    if (bytes === UNREADABLE || !(heldBytes || mayHold())) return tell(RECEIVED, { id, bytes }, true);
    if (!heldBytes) inFrame(takeIn);
    heldBytes += bytes.length;
    held.push(bytes);
    if (heldBytes > MOST_HELD) takeIn(false);
  }

  /** Without a page there are no frames, and while it is hidden none come. */
  function mayHold(): boolean {
    return !!driver.mayHold?.() && links.size < 2 && globalThis.document?.hidden === false;
  }

  /** Messages that follow each other are one message. */
  function takeIn(atOnce = true): void {
    if (!heldBytes) return;
    const [id] = links.keys();
    const bytes = held.length > 1 ? joined(held, heldBytes) : held[0]!;
    held = [];
    heldBytes = 0;
    tell(RECEIVED, { id: id!, bytes }, atOnce);
  }

  function open(id: number): void {
    const [elder] = links.values();
    const link = dial(elder);
    link.onopen = () => tell(OPENED, { id });
    link.onmessage = ({ data, at }) => receive(id, data, at);
    link.onclose = ({ code, reason, moved }) => {
      takeIn(false);
      take(id);
      tell(CLOSED, { id, count: code, text: reason });
      if (moved) tell(ONLINE);
    };
    links.set(id, link);
  }

  /** Takes a link out; nothing more is heard of it. */
  function take(id: number): Carrier | undefined {
    const link = links.get(id);
    if (link) link.onopen = link.onmessage = link.onclose = null;
    links.delete(id);
    return link;
  }

  /**
   * Comes back at this moment, or earlier. A timer that would ring too early is left as it is: most deadlines move away
   * with each message, and an early tick is cheaper than a new timer each time.
   */
  function wait(due: number): void {
    if (ringsAt <= due) return;
    clearTimeout(timer);
    ringsAt = due;
    timer = setTimeout(
      () => {
        ringsAt = Infinity;
        if (clock() - due > SLEPT_MS) tell(CLOCK_JUMPED);
        tell(TICK);
      },
      Math.max(0, Math.min(due - clock(), LONGEST_MS)),
    );
    // In Node a timer would keep the process alive.
    if (typeof timer === 'object') timer.unref();
  }
}

const POSITION = /^(0|[1-9]\d*)-([0-9a-f]{8})$/;
const NOTHING = new Uint8Array();
const encoder = new TextEncoder();
/** A message that is none, in place of text on a binary connection. */
const UNREADABLE = Uint8Array.of(255);

function joined(messages: Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const message of messages) {
    all.set(message, at);
    at += message.length;
  }
  return all;
}

function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? encoder.encode(payload) : payload;
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

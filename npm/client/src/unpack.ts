import type { TidewireError } from './errors.ts';
import type { Gap } from './gap.ts';
import type { Meta, RawMessage } from './message.ts';
import type { Payload } from './payload.ts';
import type { Member } from './presence.ts';
import { reason, RESETS } from './reasons.ts';
import type { Status, StatusDetail } from './status.ts';

/** What happened to one subscription, watch or request. */
export type RequestEvent =
  | { kind: 'subscribed'; id: number; position: string | null; replayed: number; recovered: boolean }
  | { kind: 'messages'; id: number; messages: RawMessage[] }
  | { kind: 'gap'; id: number; gap: Gap }
  | { kind: 'published'; id: number; position: string | null }
  | {
      kind: 'history';
      id: number;
      position: string;
      more: boolean;
      reset: string | undefined;
      messages: RawMessage[];
    }
  | {
      kind: 'presence';
      id: number;
      members: Member[];
      connections: number;
      users: number;
      next: string | null;
    }
  | { kind: 'members' | 'joined' | 'left'; id: number; members: Member[] }
  | { kind: 'counted'; id: number; connections: number; users: number }
  /** A durable session wants it stored, and sends it then, where it has a name; for the outbox. */
  | ({ kind: 'store'; id: number } & Omit<Stored, 'at'>)
  /** The connection is away; told by the engine. */
  | { kind: 'lost'; id: number }
  | { kind: 'failed'; id: number; error: TidewireError };

/** What becomes of a publication. */
export type Answer = Extract<RequestEvent, { kind: 'published' | 'failed' }>;

/** A publication that outlives its page. */
export interface Stored {
  channel: string;
  payload: Payload;
  /** What a log may know it by; empty as long as it was never sent. */
  name: Uint8Array<ArrayBuffer>;
  /** When it was stored, in milliseconds since 1970. */
  at: number;
}

/** What happened to the client as a whole. */
export type ClientEvent =
  | { kind: 'status'; detail: StatusDetail }
  | { kind: 'fetch-token' }
  /** What an earlier page published has its answer. */
  | { kind: 'answered'; publication: Stored; answer: Answer }
  | { kind: 'trouble'; error: TidewireError };

/** What is to be done with a link. */
export type LinkOutput =
  | { kind: 'open'; id: number }
  | { kind: 'send'; id: number; message: Uint8Array<ArrayBuffer> }
  | { kind: 'close'; id: number; code: number };

type Output = RequestEvent | ClientEvent | LinkOutput;

/** What a session answers. */
export interface Unpacked {
  /** When to come again, by the driver's clock; may be infinite. */
  due: number;
  outputs: Output[];
}

const CHANGES = ['members', 'joined', 'left'] as const;
const STATUSES: readonly Status[] = ['idle', 'connecting', 'live', 'waiting', 'closed'];

/** Reads the answer that stands there as client-wasm's `packed.rs` writes it, and keeps nothing of the memory. */
export function unpack(memory: Uint8Array<ArrayBuffer>, failure: typeof TidewireError, at = 0): Unpacked {
  Failure = failure;
  const from = new Reader(memory, at);
  const { due } = from;
  const outputs = [];
  while (from.more) outputs.push(output(from));
  return { due, outputs };
}

function output(from: Reader): Output {
  const kind = from.byte();
  switch (kind) {
    case 0:
      return { kind: 'status', detail: status(from) };
    case 1:
      return { kind: 'fetch-token' };
    case 2:
      return { kind: 'trouble', error: error(from) };
    case 3: {
      const id = from.u32();
      const at = place(from);
      return { kind: 'subscribed', id, position: at, replayed: from.u32(), recovered: from.flag() };
    }
    case 4:
      return { kind: 'messages', id: from.u32(), messages: messages(from, from.flag()) };
    case 5:
      return { kind: 'messages', id: from.u32(), messages: [ephemeral(from)] };
    case 6:
      return { kind: 'gap', id: from.u32(), gap: gap(from) };
    case 7:
      return { kind: 'published', id: from.u32(), position: place(from) };
    case 8: {
      const id = from.u32();
      const at = position(from);
      return {
        kind: 'history',
        id,
        position: at,
        more: from.flag(),
        reset: RESETS[from.u16()],
        messages: messages(from, true),
      };
    }
    case 9:
      return { kind: 'failed', id: from.u32(), error: error(from) };
    case 10:
      return { kind: 'open', id: from.u32() };
    case 11:
      return { kind: 'send', id: from.u32(), message: from.bytes() };
    case 12:
      return { kind: 'close', id: from.u32(), code: from.u32() };
    case 13: {
      const [id, all] = [from.u32(), members(from)];
      const [connections, users] = [from.u32(), from.u32()];
      return { kind: 'presence', id, members: all, connections, users, next: from.text() || null };
    }
    case 14:
    case 15:
    case 16:
      return { kind: CHANGES[kind - 14]!, id: from.u32(), members: members(from) };
    case 17:
      return { kind: 'counted', id: from.u32(), connections: from.u32(), users: from.u32() };
    case 18: {
      const [id, channel, data] = [from.u32(), from.text(), payload(from)];
      return { kind: 'store', id, channel, payload: data, name: from.bytes() };
    }
    default:
      throw new Failure('trouble', `the WebAssembly module is of another version: it tells of ${kind}`);
  }
}

function status(from: Reader): StatusDetail {
  const status = STATUSES[from.byte()] ?? 'closed';
  const until = Date.now() + from.number();
  const [, reason] = why(from);
  if (status === 'live') {
    const [connection, node, user] = [from.text(), from.text(), from.text()];
    return { status, connection, node, ...(user && { user }) };
  }
  return { status, ...(reason && { reason }), ...(status === 'waiting' && { until }) };
}

function error(from: Reader): TidewireError {
  const advice = from.flag() ? 'retry' : 'stop';
  return new Failure(...why(from), { advice });
}

function why(from: Reader): [code: string, message: string] {
  return reason(from.u16(), from.u32(), from.text());
}

function gap(from: Reader): Gap {
  const reason = RESETS[from.u16()] ?? 'unknown';
  const count = from.u32();
  return count ? { reason: 'missing', count } : { reason };
}

/** The payloads' texts stand there as a JSON list: to parse each by itself takes twice as long. */
function messages(from: Reader, replayed: boolean): RawMessage[] {
  const all: { payload: Payload; data: unknown; readonly meta: Meta }[] = [];
  for (let count = from.u32(); count > 0; count--) {
    const at = position(from);
    const id = from.hex();
    const missing = from.u32();
    all.push({ payload: '', data: undefined, meta: meta(at, id, missing, replayed, from.text()) });
  }
  const begin = from.mark();
  let isList = all.length > 1;
  for (const one of all) {
    from.skip();
    one.payload = payload(from);
    isList &&= typeof one.payload === 'string';
  }
  from.skip();
  const list = isList && parsed(from.since(begin));
  // Where one is no JSON, each is left to whom it is handed over.
  if (Array.isArray(list) && list.length === all.length) all.forEach((one, at) => (one.data = list[at]));
  return all;
}

function members(from: Reader): Member[] {
  return Array.from({ length: from.u32() }, () => {
    const [user, info, connection] = [from.text(), from.text(), from.text()];
    return { user, ...(info && { info: parsed(info) }), connection: connection || user };
  });
}

/** What is JSON, as that; what somebody else's token says, or sends, may be anything. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function ephemeral(from: Reader): RawMessage {
  return { meta: meta('', '', 0, false, from.text()), payload: payload(from) };
}

function meta(position: string, id: string, missing: number, replayed: boolean, user: string): Meta {
  return user ? { position, id, missing, replayed, user } : { position, id, missing, replayed };
}

function payload(from: Reader): Payload {
  return from.flag() ? from.bytes() : from.text();
}

function position(from: Reader): string {
  return `${from.number()}-${from.hex()}`;
}

function place(from: Reader): string | null {
  return from.flag() ? position(from) : null;
}

const decoder = new TextDecoder();
/** The digits of each byte. `toString` takes ten times as long, and every message has eight of them. */
const HEX = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** The page's class of errors. */
let Failure: typeof TidewireError;
/** The memory that was read last. */
let view = new DataView(new ArrayBuffer());

class Reader {
  readonly due: number;
  readonly #memory: Uint8Array<ArrayBuffer>;
  readonly #end: number;
  readonly #texts: string;
  /** Each byte of the texts is one character of them; what is not ASCII has fewer characters than bytes. */
  readonly #isPlain: boolean;
  readonly #textsAt: number;
  #at: number;
  #textAt = 0;

  constructor(memory: Uint8Array<ArrayBuffer>, at: number) {
    if (view.buffer !== memory.buffer) view = new DataView(memory.buffer);
    this.#memory = memory;
    this.#at = at;
    this.due = this.number();
    const [texts, things] = [this.u32(), this.u32()];
    this.#textsAt = this.#at;
    this.#at += texts;
    this.#end = this.#at + things;
    this.#texts = this.#decode(0, texts);
    this.#isPlain = this.#texts.length === texts;
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  byte(): number {
    return this.#memory[this.#at++]!;
  }

  flag(): boolean {
    return this.byte() !== 0;
  }

  u16(): number {
    return this.byte() | (this.byte() << 8);
  }

  u32(): number {
    return view.getUint32((this.#at += 4) - 4, true);
  }

  number(): number {
    return view.getFloat64((this.#at += 8) - 8, true);
  }

  /** A number of 32 bits as eight digits. */
  hex(): string {
    const number = this.u32();
    return (
      HEX[number >>> 24]! + HEX[(number >>> 16) & 255]! + HEX[(number >>> 8) & 255]! + HEX[number & 255]!
    );
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const length = this.u32();
    return this.#memory.slice(this.#at, (this.#at += length));
  }

  text(): string {
    const from = this.#textAt;
    this.#textAt += this.u32();
    return this.since(from);
  }

  /** Where the next text stands. */
  mark(): number {
    return this.#textAt;
  }

  /** Leaves out a character of the texts. */
  skip(): void {
    this.#textAt++;
  }

  /** All texts since there. */
  since(from: number): string {
    const to = this.#textAt;
    return this.#isPlain ? this.#texts.slice(from, to) : this.#decode(from, to);
  }

  #decode(from: number, to: number): string {
    return decoder.decode(this.#memory.subarray(this.#textsAt + from, this.#textsAt + to));
  }
}

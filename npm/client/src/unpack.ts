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
  const due = begin(memory, at);
  const outputs = [];
  while (next < end) outputs.push(output());
  return { due, outputs };
}

function output(): Output {
  const kind = byte();
  switch (kind) {
    case 0:
      return { kind: 'status', detail: status() };
    case 1:
      return { kind: 'fetch-token' };
    case 2:
      return { kind: 'trouble', error: error() };
    case 3: {
      const id = u32();
      const at = text() || null;
      return { kind: 'subscribed', id, position: at, replayed: u32(), recovered: flag() };
    }
    case 4:
      return { kind: 'messages', id: u32(), messages: messages(flag()) };
    case 5:
      return { kind: 'messages', id: u32(), messages: [ephemeral()] };
    case 6:
      return { kind: 'gap', id: u32(), gap: gap() };
    case 7:
      return { kind: 'published', id: u32(), position: text() || null };
    case 8: {
      const id = u32();
      const at = text();
      return {
        kind: 'history',
        id,
        position: at,
        more: flag(),
        reset: RESETS[u16()],
        messages: messages(true),
      };
    }
    case 9:
      return { kind: 'failed', id: u32(), error: error() };
    case 10:
      return { kind: 'open', id: u32() };
    case 11:
      return { kind: 'send', id: u32(), message: bytes() };
    case 12:
      return { kind: 'close', id: u32(), code: u32() };
    case 13: {
      const [id, all] = [u32(), members()];
      const [connections, users] = [u32(), u32()];
      return { kind: 'presence', id, members: all, connections, users, next: text() || null };
    }
    case 14:
    case 15:
    case 16:
      return { kind: CHANGES[kind - 14]!, id: u32(), members: members() };
    case 17:
      return { kind: 'counted', id: u32(), connections: u32(), users: u32() };
    case 18: {
      const [id, channel, data] = [u32(), text(), payload()];
      return { kind: 'store', id, channel, payload: data, name: bytes() };
    }
    default:
      throw new Failure('trouble', `the WebAssembly module is of another version: it tells of ${kind}`);
  }
}

function status(): StatusDetail {
  const status = STATUSES[byte()] ?? 'closed';
  const until = Date.now() + number();
  const [, reason] = why();
  if (status === 'live') {
    const [connection, node, user] = [text(), text(), text()];
    return { status, connection, node, ...(user && { user }) };
  }
  return { status, ...(reason && { reason }), ...(status === 'waiting' && { until }) };
}

function error(): TidewireError {
  const advice = flag() ? 'retry' : 'stop';
  return new Failure(...why(), { advice });
}

function why(): [code: string, message: string] {
  return reason(u16(), u32(), text());
}

function gap(): Gap {
  const reason = RESETS[u16()] ?? 'unknown';
  const count = u32();
  return count ? { reason: 'missing', count } : { reason };
}

/** The payloads' texts stand there as a JSON list: to parse each by itself takes twice as long. */
function messages(replayed: boolean): RawMessage[] {
  const all: { payload: Payload; data: unknown; readonly meta: Meta }[] = [];
  for (let count = u32(); count > 0; count--) {
    const at = text();
    const id = chars(8);
    const missing = u32();
    all.push({ payload: '', data: undefined, meta: meta(at, id, missing, replayed, text()) });
  }
  const [first, firstText] = [next, nextText];
  if (all.length > 1 && all.every(passesText)) {
    nextText++;
    const list = parsed(textSince(firstText));
    if (Array.isArray(list) && list.length === all.length) {
      all.forEach((one, at) => (one.data = list[at]));
      return all;
    }
  }
  // There are bytes, or something is no JSON: each is left to whom it is handed over.
  [next, nextText] = [first, firstText];
  for (const one of all) {
    nextText++;
    one.payload = payload();
  }
  nextText++;
  return all;
}

/** Leaves out a payload; false where it is none of text. */
function passesText(): boolean {
  if (flag()) return false;
  nextText += 1 + u32();
  return true;
}

function members(): Member[] {
  return Array.from({ length: u32() }, () => {
    const [user, info, connection] = [text(), text(), text()];
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

function ephemeral(): RawMessage {
  return { meta: meta('', '', 0, false, text()), payload: payload() };
}

function meta(position: string, id: string, missing: number, replayed: boolean, user: string): Meta {
  return user ? { position, id, missing, replayed, user } : { position, id, missing, replayed };
}

function payload(): Payload {
  return flag() ? bytes() : text();
}

const decoder = new TextDecoder();

/*
 * The answer that is being read, one at a time: to read is nearly all that is done with a message, and this is the
 * shortest way there.
 */
let Failure: typeof TidewireError;
let memory = new Uint8Array();
let view = new DataView(memory.buffer);
/** Where the next thing stands, and where there is none any more. */
let next = 0;
let end = 0;
/** Where the texts stand, and where in them the next one does. */
let textsAt = 0;
let nextText = 0;
let texts = '';
/** Each byte of the texts is one character of them; what is not ASCII has fewer characters than bytes. */
let isPlain = true;

/** Gives when to come again. */
function begin(given: Uint8Array<ArrayBuffer>, at: number): number {
  if (memory !== given) view = new DataView((memory = given).buffer);
  next = at;
  const due = number();
  const [length, things] = [u32(), u32()];
  textsAt = next;
  nextText = 0;
  next += length;
  end = next + things;
  texts = decoded(0, length);
  isPlain = texts.length === length;
  return due;
}

function byte(): number {
  return memory[next++]!;
}

function flag(): boolean {
  return byte() !== 0;
}

function u16(): number {
  return byte() | (byte() << 8);
}

function u32(): number {
  return view.getUint32((next += 4) - 4, true);
}

function number(): number {
  return view.getFloat64((next += 8) - 8, true);
}

function bytes(): Uint8Array<ArrayBuffer> {
  const length = u32();
  return memory.slice(next, (next += length));
}

function text(): string {
  return chars(u32());
}

function chars(length: number): string {
  const first = nextText;
  nextText += length;
  return textSince(first);
}

/** All texts from there to the next one. */
function textSince(first: number): string {
  return isPlain ? texts.slice(first, nextText) : decoded(first, nextText);
}

function decoded(first: number, last: number): string {
  return decoder.decode(memory.subarray(textsAt + first, textsAt + last));
}

import { TidewireError } from './errors.ts';
import type { Gap } from './gap.ts';
import type { Meta, RawMessage } from './message.ts';
import type { Payload } from './payload.ts';
import type { Status, StatusDetail } from './status.ts';

/** What happened to one subscription, publish or history request. */
export type RequestEvent =
  | { kind: 'subscribed'; id: number; position: string | null; replayed: number; recovered: boolean }
  | { kind: 'messages'; id: number; messages: RawMessage[] }
  | { kind: 'gap'; id: number; gap: Gap }
  | { kind: 'published'; id: number; position: string | null }
  | { kind: 'history'; id: number; position: string; more: boolean; reset: string; messages: RawMessage[] }
  | { kind: 'failed'; id: number; error: TidewireError };

/** What happened to the client as a whole. */
export type ClientEvent =
  | { kind: 'status'; detail: StatusDetail }
  | { kind: 'fetch-token' }
  | { kind: 'trouble'; error: TidewireError };

const STATUSES: readonly Status[] = ['idle', 'connecting', 'live', 'waiting', 'closed'];

/** Reads a batch as client-wasm's `packed.rs` writes it: numbers little-endian, texts and bytes with their length. */
export function unpack(packed: Uint8Array): (RequestEvent | ClientEvent)[] {
  const from = new Reader(packed);
  const events = [];
  while (from.more) events.push(event(from));
  return events;
}

function event(from: Reader): RequestEvent | ClientEvent {
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
      const at = optional(from, position);
      return { kind: 'subscribed', id, position: at ?? null, replayed: from.u32(), recovered: from.flag() };
    }
    case 4:
      return { kind: 'messages', id: from.u32(), messages: messages(from, from.flag()) };
    case 5:
      return { kind: 'messages', id: from.u32(), messages: [ephemeral(from)] };
    case 6:
      return { kind: 'gap', id: from.u32(), gap: gap(from) };
    case 7:
      return { kind: 'published', id: from.u32(), position: optional(from, position) ?? null };
    case 8: {
      const id = from.u32();
      const at = position(from);
      return {
        kind: 'history',
        id,
        position: at,
        more: from.flag(),
        reset: from.text(),
        messages: messages(from, true),
      };
    }
    case 9:
      return { kind: 'failed', id: from.u32(), error: error(from) };
    default:
      throw new TidewireError('trouble', `the WebAssembly module is of another version: it tells of ${kind}`);
  }
}

function status(from: Reader): StatusDetail {
  const status = STATUSES[from.byte()] ?? 'closed';
  const wait = from.number();
  const [reason, connection, node, user] = [from.text(), from.text(), from.text(), from.text()];
  return {
    status,
    ...(reason && { reason }),
    ...(status === 'waiting' && { until: Date.now() + wait }),
    ...(connection && { connection }),
    ...(node && { node }),
    ...(user && { user }),
  };
}

function error(from: Reader): TidewireError {
  const code = from.text();
  const advice = from.flag() ? 'retry' : 'stop';
  return new TidewireError(code, from.text(), { advice });
}

function gap(from: Reader): Gap {
  const reason = from.text();
  const count = from.u32();
  return count ? { reason, count } : { reason };
}

function messages(from: Reader, replayed: boolean): RawMessage[] {
  return Array.from({ length: from.u32() }, () => {
    const at = position(from);
    const id = hex(from.u32());
    const missing = from.u32();
    return { meta: meta(at, id, missing, replayed, from.text()), payload: payload(from) };
  });
}

function ephemeral(from: Reader): RawMessage {
  return { meta: meta('', '', 0, false, from.text()), payload: payload(from) };
}

function meta(position: string, id: string, missing: number, replayed: boolean, user: string): Meta {
  return user ? { position, id, missing, replayed, user } : { position, id, missing, replayed };
}

function payload(from: Reader): Payload {
  return from.flag() ? from.bytes().slice() : from.text();
}

function position(from: Reader): string {
  return `${from.number()}-${hex(from.u32())}`;
}

function hex(number: number): string {
  return number.toString(16).padStart(8, '0');
}

function optional<Value>(from: Reader, read: (from: Reader) => Value): Value | undefined {
  return from.flag() ? read(from) : undefined;
}

const decoder = new TextDecoder();

class Reader {
  readonly #packed: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(packed: Uint8Array) {
    this.#packed = packed;
    this.#view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  }

  get more(): boolean {
    return this.#at < this.#packed.length;
  }

  byte(): number {
    return this.#view.getUint8(this.#at++);
  }

  flag(): boolean {
    return this.byte() !== 0;
  }

  u32(): number {
    return this.#view.getUint32((this.#at += 4) - 4, true);
  }

  number(): number {
    return this.#view.getFloat64((this.#at += 8) - 8, true);
  }

  bytes(): Uint8Array {
    const length = this.u32();
    return this.#packed.subarray(this.#at, (this.#at += length));
  }

  text(): string {
    return decoder.decode(this.bytes());
  }
}

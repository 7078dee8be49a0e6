import { reason as reasonOf, RESETS } from '../../src/reasons.ts';

/** One message as a test writes it. */
export interface Sample {
  data?: unknown;
  bytes?: Uint8Array;
  /** The payload's text as it is, where it is no JSON. */
  text?: string;
  offset?: number;
  user?: string;
  missing?: number;
}

/** Writes answers as client-wasm's `packed.rs` does. */
export class Packer {
  #bytes: number[] = [];
  #textBytes: number[] = [];

  bytes(): Uint8Array<ArrayBuffer> {
    const lengths = Uint32Array.of(this.#textBytes.length, this.#bytes.length);
    const head = [...bytesOf(Float64Array.of(Infinity)), ...bytesOf(lengths)];
    return Uint8Array.from([...head, ...this.#textBytes, ...this.#bytes]);
  }

  live(connection = 'c-1'): this {
    return this.#byte(0).#byte(2).#float(0).#why(0).#texts(connection, 'n-1', 'ada');
  }

  closed(reason: string): this {
    return this.#byte(0).#byte(4).#float(0).#why(TROUBLE, reason);
  }

  waiting(ms: number, reason: string): this {
    return this.#byte(0).#byte(3).#float(ms).#why(TROUBLE, reason);
  }

  fetchToken(): this {
    return this.#byte(1);
  }

  trouble(code: string, reason: string): this {
    return this.#byte(2).#byte(0).#why(numberOf(code), reason);
  }

  subscribed(id: number, replayed = 0): this {
    return this.#byte(3).#u32(id).#position(40).#u32(replayed).#byte(1);
  }

  messages(id: number, ...samples: Sample[]): this {
    this.#byte(4).#u32(id).#byte(0);
    return this.#messages(samples);
  }

  ephemeral(id: number, data: unknown): this {
    return this.#byte(5).#u32(id).#text('ada').#payload({ data });
  }

  gap(id: number, reason: string, count = 0): this {
    return this.#byte(6)
      .#u32(id)
      .#u16(Math.max(0, RESETS.indexOf(reason)))
      .#u32(count);
  }

  published(id: number, offset: number | null): this {
    this.#byte(7).#u32(id);
    return offset === null ? this.#text('') : this.#position(offset);
  }

  history(id: number, ...samples: Sample[]): this {
    this.#byte(8).#u32(id).#position(40).#byte(1).#u16(0);
    return this.#messages(samples);
  }

  failed(id: number, code: string, reason: string, advice: 'retry' | 'stop' = 'stop'): this {
    return this.#byte(9)
      .#u32(id)
      .#byte(advice === 'retry' ? 1 : 0)
      .#why(numberOf(code), reason);
  }

  /** A page of who is there; the users are so many as the members. */
  presence(id: number, members: string[][], next = ''): this {
    return this.#members(13, id, members).#u32(7).#u32(members.length).#text(next);
  }

  members(id: number, ...members: string[][]): this {
    return this.#members(14, id, members);
  }

  joined(id: number, ...members: string[][]): this {
    return this.#members(15, id, members);
  }

  left(id: number, ...members: string[][]): this {
    return this.#members(16, id, members);
  }

  counted(id: number, connections: number, users: number): this {
    return this.#byte(17).#u32(id).#u32(connections).#u32(users);
  }

  /** The name is of one byte here. */
  store(id: number, channel: string, data: unknown, name?: number): this {
    this.#byte(18).#u32(id).#text(channel).#payload({ data });
    return this.#slice(Uint8Array.of(...(name ? [name] : [])));
  }

  /** An event of a kind that does not exist. */
  unknown(): this {
    return this.#byte(200);
  }

  /** Each as user, information and connection. */
  #members(kind: number, id: number, members: string[][]): this {
    this.#byte(kind).#u32(id).#u32(members.length);
    for (const [user = '', info = '', connection = ''] of members) this.#texts(user, info, connection);
    return this;
  }

  #messages(samples: Sample[]): this {
    this.#u32(samples.length);
    samples.forEach((sample, at) => {
      this.#position(sample.offset ?? at + 1)
        .#mark('000000ab')
        .#u32(sample.missing ?? 0)
        .#text(sample.user ?? '');
    });
    samples.forEach((sample, at) => this.#mark(at ? ',' : '[').#payload(sample));
    return this.#mark(']');
  }

  #payload({ data, bytes, text }: Sample): this {
    if (bytes) return this.#byte(1).#slice(bytes);
    return this.#byte(0).#text(text ?? JSON.stringify(data));
  }

  #position(offset: number): this {
    return this.#text(`${offset}-9f3a01bc`);
  }

  #texts(...texts: string[]): this {
    for (const text of texts) this.#text(text);
    return this;
  }

  #text(text: string): this {
    const bytes = new TextEncoder().encode(text);
    this.#textBytes.push(...bytes);
    return this.#u32(bytes.length);
  }

  /** Without a length. */
  #mark(mark: string): this {
    this.#textBytes.push(...new TextEncoder().encode(mark));
    return this;
  }

  #slice(bytes: Uint8Array): this {
    this.#u32(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  #why(number: number, said = ''): this {
    return this.#u16(number).#u32(0).#text(said);
  }

  #float(number: number): this {
    this.#bytes.push(...bytesOf(Float64Array.of(number)));
    return this;
  }

  #u16(number: number): this {
    this.#bytes.push(...bytesOf(Uint16Array.of(number)));
    return this;
  }

  #u32(number: number): this {
    this.#bytes.push(...bytesOf(Uint32Array.of(number)));
    return this;
  }

  #byte(byte: number): this {
    this.#bytes.push(byte);
    return this;
  }
}

function bytesOf({ buffer }: { buffer: ArrayBufferLike }): Uint8Array {
  return new Uint8Array(buffer);
}

/** The number of a reason that has no words but those that were said. */
const TROUBLE = 120;

function numberOf(code: string): number {
  if (code === 'trouble') return TROUBLE;
  const numbers = Array.from({ length: TROUBLE + 1 }, (_, number) => number);
  const number = numbers.find(number => reasonOf(number, 0, '')[0] === code);
  if (number === undefined) throw new Error(`no reason has the code ${code}`);
  return number;
}

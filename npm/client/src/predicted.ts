import { mixer, type Bit } from './mixer.ts';

/** How long a file is, and where its WebAssembly functions begin and end; for what is no module, both are 0. */
export type Extent = readonly [length: number, from: number, to: number];

/** Instead of an instruction: what stands before a function's first one, and what is no code. */
const HEADER = 0;
const NO_CODE = 255;
const END = 0x0b;
const BR_TABLE = 0x0e;
const CALL_INDIRECT = 0x11;
const F64_CONST = 0x44;
const PREFIX = 0xfc;

/**
 * Predicts the bytes of a module, and gives it; rests now and then, for the caller to look up. What comes next depends
 * on the instructions before, so this follows them. The lengths of functions it neither asks for nor predicts: it sees
 * where they end.
 */
export function* predicted(
  [length, from, to]: Extent,
  bit: Bit,
): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const next = mixer(bit);
  const bytes = new Uint8Array(length);
  /** What stood after each instruction last, as one number. */
  const operands = new Int32Array(256);
  // The instruction, the three before it with it, and the four before those.
  let [instruction, recent, earlier] = [NO_CODE, 0, 0];
  // Bytes of its operand that are there, numbers that are to come, and whether the first says how many more.
  let [there, missing, counted] = [0, 0, false];
  let operand = 0;
  let [begin, depth] = [0, -1];
  const enter = (at: number) => {
    begin = at;
    [instruction, recent, earlier] = [HEADER, 0, 0];
    [depth, missing, counted] = [0, 1, true];
  };
  for (let at = 0, round = 0; at < length; round++) {
    if (at === from && to) enter(at);
    if (!(round & 511)) yield;
    const state = instruction + (Math.min(missing, 3) * 8 + there) * 256;
    const two = bytes[at - 1]! + bytes[at - 2]! * 256;
    const three = two + bytes[at - 3]! * 65536;
    // Of an operand, what is there.
    const within = hash(state, missing && operand);
    const byte = next(
      [
        0,
        state,
        hash(two, state + 9),
        hash(three, bytes[at - 4]!),
        hash(hash(state, operands[instruction]!), operand),
        hash(within, recent & 0xffff),
        hash(within, recent & 0xffffff),
        hash(hash(within, recent), earlier & 0xffff),
      ],
      instruction + (missing && 256),
    );
    bytes[at++] = byte;
    if (depth < 0) continue;
    if (missing) {
      operand = Math.imul(operand, 257) + byte + 1;
      there++;
      if (byte > 127 && instruction !== F64_CONST) continue;
      there = 0;
      missing = counted ? more(instruction, byte) : missing - 1;
      counted = false;
      operands[instruction] = operand;
    } else {
      earlier = (earlier << 8) | (recent >>> 24);
      recent = (recent << 8) | byte;
      instruction = byte;
      operand = 0;
      missing = numbers(byte);
      counted = byte === BR_TABLE || byte === PREFIX;
      if (byte > 1 && byte < 5) depth++;
      if (byte !== END || depth--) continue;
      at = close(bytes, begin, at);
      if (at < to) enter(at);
      else [instruction, recent, earlier] = [NO_CODE, 0, 0];
    }
  }
  return bytes;
}

const hash = (one: number, other: number) => {
  const mixed = Math.imul(one, 0x2f0b4c47) + Math.imul(other, 0x9e3779b1);
  return mixed ^ (mixed >>> 13);
};

/** How many numbers follow an instruction's first byte; eight bytes count as such. */
function numbers(instruction: number): number {
  if ((instruction > 0x27 && instruction < 0x3f) || instruction === CALL_INDIRECT) return 2;
  if (instruction === F64_CONST) return 8;
  return /[\x02-\x04\x0c-\x0e\x10 -&?-B\xfc]/.test(String.fromCharCode(instruction)) ? 1 : 0;
}

/** How many more there are after a first one: two for each kind of locals, the targets of a table, what memory is told. */
function more(instruction: number, first: number): number {
  if (instruction === HEADER) return first * 2;
  if (instruction === BR_TABLE) return first + 1;
  return first < 8 ? 0 : 2 - (first & 1);
}

/** Puts a function's length before it, and gives its end. */
function close(bytes: Uint8Array, begin: number, end: number): number {
  let length = end - begin;
  const digits = length < 128 ? 1 : length < 16384 ? 2 : 3;
  bytes.copyWithin(begin + digits, begin, end);
  for (let digit = 0; digit < digits; digit++, length >>= 7)
    bytes[begin + digit] = (length & 127) | (digit < digits - 1 ? 128 : 0);
  return end + digits;
}

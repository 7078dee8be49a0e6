import { mixer, type Bit } from './mixer.ts';

/** How long a file is, and where its WebAssembly functions begin and end; for what is no module, both are 0. */
export type Extent = readonly [length: number, from: number, to: number];

/** Instead of an instruction: what stands before a function's first one, and what is no code. */
const HEADER = 0;
const NO_CODE = 255;
const ELSE = 0x05;
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
  /** What opened each block that is open, and how high the operand stack was before. */
  const blocks = [0];
  const heights = [0];
  /** What made each value on the operand stack, and how high that is. */
  const makers = new Int32Array(65536);
  let height = 0;
  /** What was said: all but the lengths of functions. And where it went on after each four bytes last. */
  const said = new Uint8Array(length);
  const followed = new Int32Array(1 << 20);
  // What may now be said again, and how much before it was the same.
  let [past, alike] = [0, 0];
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
    [height, operand] = [0, 0];
  };
  for (let at = 0, round = 0; at < length; round++) {
    if (at === from && to) enter(at);
    if (!(round & 511)) yield;
    const shape = Math.min(missing, 3) * 8 + there;
    const state = instruction + shape * 256;
    const two = bytes[at - 1]! + bytes[at - 2]! * 256;
    const four = hash(two + bytes[at - 3]! * 65536, bytes[at - 4]!);
    if (!alike) past = followed[four >>> 12]!;
    followed[four >>> 12] = round;
    // What is asked for, and what of it is there.
    const asked = depth < 0 ? two & 255 : hash(state, missing && operand);
    const inside = hash(asked, blocks[depth]!);
    const byte = next(
      [
        0,
        state,
        hash(two, missing),
        four,
        hash(asked, (two >> 8) | (bytes[at - 3]! << 8)),
        hash(past && said[past]! + 1, Math.min(alike, 15)),
        hash(state, recent & 0xffffff),
        hash(hash(state, recent), earlier & 0xff),
        hash(hash(state, recent), earlier & 0xffffff),
        hash(inside, recent & 0xffff),
        hash(hash(inside, makers[height - 1]!), makers[height - 2]!),
        hash(asked, height),
        hash(hash(asked, height), operands[instruction]!),
      ],
      instruction + (missing && 256),
      (shape * 8 + Math.min(height, 7)) & 255,
    );
    said[round] = bytes[at++] = byte;
    alike = past && said[past++] === byte ? alike + 1 : 0;
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
    }
    if (missing) continue;
    const whole = hash(instruction, operand);
    height = Math.max(0, height + rise(instruction));
    makers[height - 1] = whole;
    if (instruction > 1 && instruction < 5) [blocks[depth], heights[depth]] = [whole, height];
    if (instruction === ELSE || instruction === END) height = heights[depth]!;
    if (instruction !== END || depth--) continue;
    at = close(bytes, begin, at);
    if (at < to) enter(at);
    else [instruction, recent, earlier] = [NO_CODE, 0, 0];
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

/** How much higher an instruction makes the operand stack; after calls it counts as empty, as it mostly is. */
function rise(instruction: number): number {
  const character = String.fromCharCode(instruction);
  if (/[ #?A-D]/.test(character)) return 1;
  if (/[\x04\r\x0e\x1a!$F-OQ-fj-x|-\xa6]/.test(character)) return -1;
  if (/[6->\x1b]/.test(character)) return -2;
  return /[\x10\x11\xfc]/.test(character) ? -65536 : 0;
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

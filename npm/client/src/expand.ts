/*
 * The embedded WebAssembly is compressed by context mixing, as PAQ does (Mahoney, "Adaptive Weighing of Context Models
 * for Lossless Data Compression", 2005): every bit is predicted from several contexts, the predictions are weighed by
 * how right they were, and an arithmetic coder spends what the prediction missed. That is a fifth less than deflate
 * makes of it. Both ends run this file, so it may only calculate what every engine calculates alike: sums and products
 * of numbers, and tables whose entries are rounded to integers.
 */

/** What a prediction is asked of or checked against: gives the next bit, which is 1 in `odds` of 65536 cases. */
export type Bit = (odds: number) => number;

/** Slots of each context, as a power of two. */
const SLOTS = 19;
const CONTEXTS = 5;
/** How much a slot learns from its first bits, and after how many its pace stays as it is. */
const FIRST = 1.2;
const STEADY = 20;
/** How quickly weights learn, and what they are before. */
const PACE = 0.012;
const EVEN = 0.3;

/** The unit of `stretch` and the steps of `squash`. */
export const STRETCHED = 256;
export const SQUASHED = 128;

/** What is mixed of a probability: ln(p / (1 - p)) for p from 0 to 1, in 4096 steps. */
export const stretch = (step: number) => STRETCHED * Math.log((step + 0.5) / (4095.5 - step));
/** The way back, to 65536ths, from -16 to 16 in 4096 steps. */
export const squash = (step: number) => 65536 / (1 + Math.exp((2048 - step) / SQUASHED));

/** Predicts so many bytes and gives them; rests now and then, for the caller to look up. */
export function* predicted(length: number, bit: Bit): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const stretched = Float64Array.from({ length: 4096 }, (_, step) => Math.round(stretch(step)) / STRETCHED);
  const squashed = Int32Array.from({ length: 4096 }, (_, step) =>
    Math.min(65535, Math.round(squash(step)) || 1),
  );
  const odds = new Uint16Array(CONTEXTS << SLOTS).fill(32768);
  const seen = new Uint8Array(CONTEXTS << SLOTS);
  const weights = new Float64Array(CONTEXTS * 512).fill(EVEN);
  const inputs = new Float64Array(CONTEXTS);
  const rows = new Int32Array(CONTEXTS);
  const bytes = new Uint8Array(length);
  // The instruction, the two before it, and how many of its operands are there and to come.
  let [instruction, before, earlier, there, missing] = [0, 0, 0, 0, 0];
  for (let at = 0; at < length; at++) {
    if (!(at & 511)) yield;
    const place = there + missing * 16;
    const pair = instruction + before * 256;
    const two = bytes[at - 1]! + bytes[at - 2]! * 256;
    const contexts = [
      instruction + place * 256,
      pair + place * 65536,
      Math.imul(pair + earlier * 65536, 0x2f0b4c47) + place,
      two,
      two + bytes[at - 3]! * 65536,
    ];
    const weight = CONTEXTS * (instruction + (missing && 256));
    let byte = 1;
    for (let index = 0; index < 8; index++) {
      // Sixteen slots beside each other for each half of a byte.
      const half = index < 4 ? byte : (byte & ((1 << (index - 4)) - 1)) | (1 << (index - 4));
      let sum = 0;
      for (let context = 0; context < CONTEXTS; context++) {
        if (!(index & 3)) {
          const key = Math.imul(contexts[context]! + (index && byte * 0x3c6ef35f), 0x2545f491);
          const hash = Math.imul(key ^ (key >>> 15), 0x9e3779b1);
          rows[context] = (context << SLOTS) + ((hash >>> (32 - SLOTS)) & ~15);
        }
        inputs[context] = stretched[odds[rows[context]! + half]! >> 4]!;
        sum += weights[weight + context]! * inputs[context]!;
      }
      const guess = squashed[Math.min(4095, Math.max(0, 2048 + Math.round(sum * SQUASHED)))]!;
      const found = bit(guess);
      const miss = (found - guess / 65536) * PACE;
      for (let context = 0; context < CONTEXTS; context++) {
        weights[weight + context]! += miss * inputs[context]!;
        const slot = rows[context]! + half;
        odds[slot]! += (found * 65535 - odds[slot]!) / (seen[slot]! + FIRST);
        if (seen[slot]! < STEADY) seen[slot]!++;
      }
      byte += byte + found;
    }
    bytes[at] = byte;
    if (missing) {
      there++;
      if (byte < 384) missing--;
    } else {
      [earlier, before, instruction] = [before, instruction, byte & 255];
      there = 0;
      missing = operands(instruction);
    }
  }
  return bytes;
}

/** How many numbers follow an instruction's first byte, for most of those that compilers use. */
function operands(instruction: number): number {
  if (instruction > 0x27 && instruction < 0x3f) return 2;
  return /[\x02-\x04\x0c\r\x10 -&AB]/.test(String.fromCharCode(instruction)) ? 1 : 0;
}

/** How long the page may have to wait, in milliseconds. */
const LONGEST = 8;

/** The bytes of which `scripts/compress.js` made these: their number in 32 bits, and what the coder spent. */
export async function expand(compressed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  let at = 0;
  const next = () => compressed[at++]! | 0;
  const four = () => ((next() << 24) | (next() << 16) | (next() << 8) | next()) >>> 0;
  const length = four();
  let code = four();
  let range = 2 ** 32 - 1;
  const steps = predicted(length, odds => {
    const bound = (range >>> 16) * odds;
    const bit = code < bound ? 1 : 0;
    if (bit) range = bound;
    else {
      code -= bound;
      range -= bound;
    }
    while (range < 2 ** 24) {
      range *= 256;
      code = code * 256 + next();
    }
    return bit;
  });
  for (let since = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since > LONGEST) {
      await breath();
      since = performance.now();
    }
  }
}

/** Lets the page do what waits; not by a timer, which hidden pages have but once a second. */
function breath(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise(done => {
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}

/*
 * Predicts bits by context mixing, as PAQ does (Mahoney, "Adaptive Weighing of Context Models for Lossless Data
 * Compression", 2005): every bit is predicted from several contexts, and the predictions are weighed by how right they
 * were. Both ends run this, so it may only calculate what every engine calculates alike: sums, products and quotients
 * of numbers, and tables whose entries are rounded to integers. Each loop is a function of its own, which engines
 * compile sooner than one large function.
 */

/** What a prediction is asked of or checked against: gives the next bit, which is 1 in `odds` of 65536 cases. */
export type Bit = (odds: number) => number;

/** How many contexts a byte is predicted from, each a number. */
export const CONTEXTS = 8;

/** Slots for what was seen, as a power of two: sixteen for each half of a byte in each context. */
const SLOTS = 22;
/** How much a slot learns from its first bits, and after how many its pace stays as it is. */
const FIRST = 1.04;
const STEADY = 4;
/** How quickly weights learn, from which miss on, and what they are before. */
const PACE = 0.147 / 65536;
const MISS = 322;
const EVEN = 10.9;
/** What of a miss is corrected afterwards, and how quickly that is learned. */
const CORRECTED = 0.631;
const CORRECTING = 0.0121;

/** The unit of `stretch` and the steps of `squash`. */
export const STRETCHED = 256;
export const SQUASHED = 128;

/** What is mixed of a probability: ln(p / (1 - p)) for p from 0 to 1, in 4096 steps. */
export const stretch = (step: number) => STRETCHED * Math.log((step + 0.5) / (4095.5 - step));
/** The way back, to 65536ths, from -16 to 16 in 4096 steps. */
export const squash = (step: number) => 65536 / (1 + Math.exp((2048 - step) / SQUASHED));

/** Gives the next byte in these contexts; the group, below 512, has weights of its own. */
export function mixer(bit: Bit): (contexts: number[], group: number) => number {
  const stretched = Float64Array.from({ length: 4096 }, (_, step) => Math.round(stretch(step)) / STRETCHED);
  const squashed = Int32Array.from({ length: 4096 }, (_, step) =>
    Math.min(65535, Math.round(squash(step)) || 1),
  );
  // The first slot of a row says whose it is; the others hold a probability in 22 bits, and how much it has seen.
  const slots = new Int32Array(1 << SLOTS);
  const rows = new Int32Array(CONTEXTS);
  const inputs = new Float64Array(CONTEXTS);
  // For each group, and then for each number of contexts that were met before.
  const weights = new Float64Array(CONTEXTS * 1024).fill(EVEN);
  const corrections = new Float32Array(1 << 17);

  /** Finds the rows, and gives the weights for as many as were there. */
  const find = (contexts: number[], part: number) => {
    let known = CONTEXTS * 512;
    for (let context = 0; context < CONTEXTS; context++) {
      const key = Math.imul(contexts[context]! + part + context * 0x1234567, 0x2545f491);
      const hash = Math.imul(key ^ (key >>> 15), 0x9e3779b1) | 1;
      const row = (hash >>> (32 - SLOTS)) & ~15;
      rows[context] = row;
      if (slots[row] === hash) known += CONTEXTS;
      else {
        slots[row] = hash;
        for (let slot = row + 1; slot < row + 16; slot++) slots[slot] = 1 << 29;
      }
    }
    return known;
  };

  const mix = (half: number, weight: number, known: number) => {
    let step = 2048.5;
    for (let context = 0; context < CONTEXTS; context++) {
      const input = stretched[slots[rows[context]! + half]! >> 18]!;
      inputs[context] = input;
      step += (weights[weight + context]! + weights[known + context]!) * input;
    }
    return step < 0 ? 0 : step > 4095 ? 4095 : step | 0;
  };

  const learn = (half: number, found: number) => {
    for (let context = 0; context < CONTEXTS; context++) {
      const at = rows[context]! + half;
      const slot = slots[at]!;
      const seen = slot & 255;
      slots[at] = slot + (((found * 4194303 - (slot >> 8)) / (seen + FIRST)) << 8) + (seen < STEADY ? 1 : 0);
    }
  };

  const weigh = (miss: number, weight: number, known: number) => {
    for (let context = 0; context < CONTEXTS; context++) {
      const change = miss * inputs[context]! * PACE;
      weights[weight + context]! += change;
      weights[known + context]! += change;
    }
  };

  return (contexts, group) => {
    let byte = 1;
    let known = 0;
    for (let index = 0; index < 8; index++) {
      if (!(index & 3)) known = find(contexts, index && byte * 0x3c6ef35f);
      const half = index < 4 ? byte : (byte & ((1 << (index - 4)) - 1)) | (1 << (index - 4));
      const step = mix(half, group * CONTEXTS, known);
      const guess = squashed[step]!;
      const place = (group * 8 + index) * 32 + (step >> 7);
      const correction = corrections[place]!;
      const found = bit(Math.min(65535, Math.max(1, (guess + correction) | 0)));
      const miss = found * 65535 - guess;
      corrections[place] = correction + (miss * CORRECTED - correction) * CORRECTING;
      learn(half, found);
      if (Math.abs(miss) > MISS) weigh(miss, group * CONTEXTS, known);
      byte += byte + found;
    }
    return byte & 255;
  };
}

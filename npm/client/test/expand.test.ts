import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
// @ts-expect-error a script without types
import { compress } from '../scripts/compress.js';
import { expand } from '../src/expand.ts';
import { squash, stretch } from '../src/mixer.ts';

// Much is calculated here, on machines that may have much else to do.
describe('compressed WebAssembly', { timeout: 60_000 }, () => {
  it('is again what it was', async () => {
    const module = await readFile(new URL('../wasm/tidewire.wasm', import.meta.url));
    const compressed = await compress(module);
    expect(compressed.length).toBeLessThan(module.length * 0.3);
    expect(Buffer.from(await expand(compressed)).equals(module)).toBe(true);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(7)],
    ['what cannot be foreseen', noise(3000)],
    ['what can', new Uint8Array(5000).fill(255)],
  ])('may be %s', async (_, bytes) => {
    expect(await expand(await compress(bytes))).toEqual(bytes);
  });

  it('has functions of every length, with all that instructions bring along', async () => {
    const functions = [
      [0],
      [2, 1, 0x7f, 3, 0x7e, 0x20, 0x80, 0x01, 0x1a],
      [0, 0x02, 0x40, 0x41, 0, 0x0e, 1, 0, 0x0b, 0x0b],
      [0, 0x44, 0x0b, 0x0b, 0x0b, 0x0b, 0x80, 0x80, 0xf0, 0x7f, 0x1a],
      [0, 0xfc, 10, 0x0b, 0x0b, 0xfc, 11, 0x0b, 0xfc, 2, 0x11, 0x0b, 0x0b, 0x28, 0x0b, 0x0b],
      [0, 0x41, 1, 0x04, 0x7f, 0x41, 2, 0x05, 0x41, 3, 0x0b, 0x41, 4, 0x41, 5, 0x1b, 0x21, 0],
      [0, 0x1a, 0x36, 2, 8, 0x10, 1, 0x6a, 0x6a, 0x1b],
      [0, 0x42, ...new Uint8Array(40).fill(0x80), 0],
      [0, ...new Uint8Array(9000).fill(0x41)],
      [0, ...new Uint8Array(3000).fill(0x02), ...new Uint8Array(1500).fill(0x0b)],
      [0, ...new Uint8Array(126).fill(1)],
      [0, ...new Uint8Array(127).fill(1)],
      [0, ...new Uint8Array(17000).fill(1)],
    ];
    const module = moduleOf(functions.map(bytes => [...bytes, 0x0b]));
    expect(Buffer.from(await expand(await compress(module))).equals(module)).toBe(true);
  });

  it('cannot be of code that would be misread', async () => {
    await expect(compress(moduleOf([[0, 0x0b, 0x0b]]))).rejects.toThrow('misreads');
  });

  it('lets the page go on meanwhile', async () => {
    const module = await readFile(new URL('../wasm/tidewire.wasm', import.meta.url));
    const compressed = await compress(module);
    let turns = 0;
    let done = false;
    const count = () => setImmediate(() => done || (turns++, count()));
    count();
    await expand(compressed);
    done = true;
    expect(turns).toBeGreaterThan(1);
  });

  // Logarithms and powers differ between engines in their last digits: no entry may stand where that decides.
  it.each([
    ['stretch', stretch],
    ['squash', squash],
  ])('is the same in every engine: %s', (_, table) => {
    for (let step = 0; step < 4096; step++) {
      const part = table(step) % 1;
      expect(Math.abs(Math.abs(part) - 0.5), `step ${step}`).toBeGreaterThan(1e-6);
    }
  });
});

/** Numbers without pattern, always the same. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (state * 48271) % 2147483647) & 255);
}

/** A module with these functions, each with its end, and something after them. */
function moduleOf(functions: number[][]): Uint8Array {
  const code = [
    ...number(functions.length),
    ...functions.flatMap(bytes => [...number(bytes.length), ...bytes]),
  ];
  return Uint8Array.of(
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    3,
    1,
    0,
    10,
    ...number(code.length),
    ...code,
    11,
    1,
    0,
  );
}

function number(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...number(value >> 7)];
}

import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
// @ts-expect-error a script without types
import { compress } from '../scripts/compress.js';
import { expand, squash, stretch } from '../src/expand.ts';

describe('compressed WebAssembly', () => {
  it('is again what it was', async () => {
    const module = await readFile(new URL('../wasm/tidewire.wasm', import.meta.url));
    const compressed = await compress(module);
    expect(compressed.length).toBeLessThan(module.length * 0.36);
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

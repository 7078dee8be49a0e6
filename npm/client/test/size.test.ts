import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
// @ts-expect-error a script without types
import { check, sizes } from '../scripts/size.js';

async function dist(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidewire-size-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

test('each part counts what a page downloads for it, compressed', async () => {
  const folder = await dist({
    'index.js':
      'import"./chunk-A.js";import("./connecting-D.js");import("./wasm-base64-B.js");import("./outbox-C.js");import("./debug-E.js")',
    'connecting-D.js': 'v'.repeat(30_000),
    'chunk-A.js': 'x'.repeat(10_000),
    'wasm-base64-B.js': 'y'.repeat(20_000),
    'outbox-C.js': 'z'.repeat(5_000),
    'debug-E.js': 'd'.repeat(5_000),
    'slim.js': 'not downloaded '.repeat(1_000),
  });
  const parts = await sizes(folder);

  expect(Object.keys(parts)).toEqual([
    'at once',
    'to connect',
    'WebAssembly',
    'outbox, where wanted',
    'debug, where wanted',
  ]);
  expect(parts['at once']).toBeGreaterThan(100);
  expect(parts['at once']).toBeLessThan(200);
  expect(parts['to connect']).toBeLessThan(100);
  expect(parts['WebAssembly']).toBeLessThan(100);
  expect(parts['outbox, where wanted']).toBeLessThan(100);
  expect(parts['debug, where wanted']).toBeGreaterThan(0);
  expect(parts['debug, where wanted']).toBeLessThan(100);
});

test('more than the limit fails, the limit itself does not', () => {
  expect(() => check({ a: 600, b: 400 }, 1_000)).not.toThrow();
  expect(() => check({ a: 600, b: 401 }, 1_000)).toThrow('1001 bytes gzipped, its limit is 1000');
});

test('a build without its chunks fails', async () => {
  await expect(sizes(await dist({ 'index.js': '' }))).rejects.toThrow('one chunk connecting');
});

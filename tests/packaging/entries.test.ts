// What the packed client offers beside a page that bundles it: its other entries, Node, and its types.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Files } from '../support/files.ts';
import { here, packed, run, unpack } from './support/packed.ts';
import { Stage } from './support/stage.ts';

const resolve = createRequire(import.meta.url).resolve;
const attw = join(dirname(resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');

let stage: Stage;

before(async () => {
  await unpack();
  stage = await Stage.set();
});

after(() => stage?.strike());

for (const form of ['bytes', 'address', 'module', 'response'])
  test(`./slim in a page, with WebAssembly as ${form}`, async () => {
    const files = await Files.serve({ '/': here('slim'), '/node_modules/': here('node_modules') });
    await stage.receivesAt(`${files.origin}/?wasm=${form}`);
    await files.close();
  });

test('an ES module in Node connects, receives and ends by itself', async () => {
  assert.equal(await says('node/receive.js'), 'received');
});

test('./slim in Node, with the bytes of ./tidewire.wasm', async () => {
  assert.equal(await says('node/slim.js'), 'received');
});

test('./testing in Node', async () => {
  assert.equal(await says('node/testing.js'), 'received');
});

test('a client that is made while Node renders does not connect, and keeps nothing alive', async () => {
  assert.equal(await says('node/render.js'), 'idle');
});

for (const name of ['client', 'angular'] as const)
  test(`the types of @tidewire/${name} (attw)`, async () => {
    const words = ['--profile', 'esm-only', '--exclude-entrypoints', './tidewire.wasm'];
    await run(process.execPath, [attw, await packed(name), ...words]);
  });

/** What a program writes that is told where the server is; it may not complain. */
async function says(program: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, [here(program), stage.url], { timeout: 20_000 });
  assert.equal(stderr, '');
  return stdout.trim();
}

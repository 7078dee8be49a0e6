import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Node } from '../../support/node.ts';
import { App } from '../support/app.ts';
import { run } from '../support/packed.ts';

let node: Node;
let app: App;
before(async () => (node = await Node.start({ backbone: 'memory' })));
after(() => node?.kill());

describe('Node', () => {
  test('npm install', async () => {
    app = await App.install('node', ['client'], ['node']);
  });

  test('20: renders, and says why it does not connect', async () => {
    const said = 'idle\nthe subscription too: no_websocket\nTidewireError no_websocket';
    assert.equal(await says(20, 'render.js', 'connect'), said);
  });

  test('20: ./testing', async () => {
    assert.equal(await says(20, 'testing.js'), 'received');
  });

  for (const script of ['receive.js', 'slim.js', 'testing.js'])
    test(`22: ${script}`, async () => {
      assert.equal(await says(22, script), 'received');
    });

  test('22: renders without connecting', async () => {
    assert.equal(await says(22, 'render.js'), 'idle');
  });
});

async function says(version: 20 | 22, script: string, ...words: string[]): Promise<string> {
  const program = app.path(`node_modules/node-${version}/bin/node`);
  const url = `ws://127.0.0.1:${node.port}`;
  const { stdout, stderr } = await run(program, [app.path(script), url, ...words], { timeout: 20_000 });
  assert.equal(stderr, '');
  return stdout.trim();
}

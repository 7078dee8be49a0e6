import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { freePort, Running } from '../../support/programs.ts';
import { App } from '../support/app.ts';
import { Stage } from '../support/stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.strike());

describe('workerd', () => {
  let app: App;

  test('npm install', async () => {
    app = await App.install('workerd', ['client']);
  });

  test('a worker bundled with the condition workerd, WebAssembly left as a module', async () => {
    const conditions = '--conditions=workerd,worker,browser';
    const words = [
      'worker.js',
      '--bundle',
      '--format=esm',
      conditions,
      '--external:*.wasm',
      '--outdir=built',
    ];
    await app.run('node_modules/esbuild/bin/esbuild', words);
  });

  test('the worker connects and receives', async () => {
    const port = await freePort();
    // The program itself: the script before it would be killed alone.
    const { default: program } = createRequire(app.path('worker.js'))('workerd') as { default: string };
    const words = ['serve', app.path('config.capnp'), `--socket-addr=http=127.0.0.1:${port}`];
    const worker = new Running(program, words);
    try {
      const origin = `http://127.0.0.1:${port}`;
      await worker.until(async () => assert.ok((await fetch(origin)).ok));
      const answer = await fetch(`${origin}/?url=${encodeURIComponent(stage.url)}`);
      assert.equal(await answer.text(), 'received');
    } finally {
      await worker.kill();
    }
  });
});

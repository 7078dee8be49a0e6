import assert from 'node:assert/strict';
import { cp, rm } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { Files } from '../../support/files.ts';
import { App } from '../support/app.ts';
import { initial } from '../support/initial.ts';
import { Stage } from '../support/stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.strike());

describe('webpack 5', () => {
  let app: App;

  test('npm install', async () => {
    app = await App.install('webpack', ['client']);
  });

  test('webpack --mode production, at most 10 KB before it connects', async () => {
    await receivesAsBuiltWith('--mode', 'production');
    const bytes = await initial(app.path('dist'));
    assert.ok(bytes <= 10_000, `the page loads ${bytes} bytes, gzip`);
  });

  test('webpack --mode development', async () => {
    await receivesAsBuiltWith('--mode', 'development');
  });

  test("./slim with webpack's address of ./tidewire.wasm", async () => {
    await receivesAsBuiltWith('./src/slim.js', '--mode', 'production');
  });

  async function receivesAsBuiltWith(...words: string[]): Promise<void> {
    await rm(app.path('dist'), { recursive: true, force: true });
    await app.run('node_modules/webpack/bin/webpack.js', words);
    await cp(app.path('index.html'), app.path('dist/index.html'));
    const files = await Files.serve({ '/': app.path('dist') });
    await stage.receivesAt(files.origin);
    await files.close();
  }
});

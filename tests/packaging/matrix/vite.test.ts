import { after, before, describe, test } from 'node:test';
import { Files } from '../../support/files.ts';
import { App } from '../support/app.ts';
import { Stage } from '../support/stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.strike());

describe('Vite', () => {
  let app: App;
  const vite = 'node_modules/vite/bin/vite.js';

  test('npm install', async () => {
    app = await App.install('vite', ['client'], ['vite']);
  });

  test('vite build', () => receivesAsBuilt());

  test('vite (while developing)', async () => {
    await app.serves([vite, '--host', '127.0.0.1', '--port', 'PORT', '--strictPort'], origin =>
      stage.receivesAt(origin),
    );
  });

  test("./slim with Vite's address of ./tidewire.wasm", async () => {
    await app.take('apps/vite-slim');
    await receivesAsBuilt();
  });

  async function receivesAsBuilt(): Promise<void> {
    await app.run(vite, ['build', '--logLevel', 'warn']);
    const files = await Files.serve({ '/': app.path('dist') });
    await stage.receivesAt(files.origin);
    await files.close();
  }
});

import { after, before, describe, test } from 'node:test';
import { App } from '../support/app.ts';
import { Stage } from '../support/stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.strike());

describe('Next.js', () => {
  let app: App;
  const next = 'node_modules/next/dist/bin/next';
  const address = ['--hostname', '127.0.0.1', '--port', 'PORT'];

  test('npm install', async () => {
    app = await App.install('next', ['client']);
  });

  test('next build, next start', async () => {
    await app.run(next, ['build']);
    await app.serves([next, 'start', ...address], origin => stage.receivesAt(origin));
  });

  test('next dev', async () => {
    await app.serves([next, 'dev', ...address], origin => stage.receivesAt(origin));
  });
});

// The packages as they are packed, in five kinds of page, without any configuration for them: they load, connect and
// receive, and the browser has nothing to complain of.
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Files } from '../support/files.ts';
import { freePort, Running } from '../support/programs.ts';
import { initial } from './support/initial.ts';
import { here, run, unpack } from './support/packed.ts';
import { Stage } from './support/stage.ts';

const resolve = createRequire(import.meta.url).resolve;
const vite = join(dirname(resolve('vite/package.json')), 'bin/vite.js');
const angular = join(dirname(resolve('@angular/cli/package.json')), 'bin/ng.js');
const environment = { ...process.env, NG_CLI_ANALYTICS: 'false', CI: 'true' };

let stage: Stage;

before(async () => {
  await unpack();
  // What was made with another package must not be met again.
  for (const made of ['vite/dist', 'vite/node_modules', 'angular/dist', 'angular/.angular'])
    await rm(here(made), { recursive: true, force: true });
  stage = await Stage.set();
});

after(() => stage?.strike());

test('a plain module script from a folder of files', async () => {
  const files = await Files.serve({ '/': here('plain'), '/node_modules/': here('node_modules') });
  await stage.receivesAt(files.origin);
  await files.close();
});

test('a page built by Vite, which loads at most 10 KB before it connects', async () => {
  await run(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: here('vite'), env: environment });
  const files = await Files.serve({ '/': here('vite/dist') });
  await stage.receivesAt(files.origin);
  await files.close();
  const bytes = await initial(here('vite/dist'));
  assert.ok(bytes <= 10_000, `the page loads ${bytes} bytes, gzip`);
});

test('a page built by Angular (ng build)', async () => {
  await receivesAsBuiltByAngular('production');
});

test('a page built by Angular with zone.js', async () => {
  await receivesAsBuiltByAngular('zone');
});

test('a page served by Angular while developing (ng serve)', async () => {
  const port = await freePort();
  const words = ['serve', '--host', '127.0.0.1', '--port', `${port}`, '--no-live-reload', '--no-hmr'];
  const server = new Running(process.execPath, [angular, ...words], {
    cwd: here('angular'),
    env: environment,
  });
  try {
    const origin = `http://127.0.0.1:${port}`;
    await server.until(async () => assert.ok((await fetch(origin)).ok), 120);
    await stage.receivesAt(origin);
  } finally {
    await server.kill();
  }
});

async function receivesAsBuiltByAngular(configuration: string): Promise<void> {
  const words = [angular, 'build', '--configuration', configuration];
  await run(process.execPath, words, { cwd: here('angular'), env: environment });
  const files = await Files.serve({ '/': here('angular/dist/app/browser') });
  await stage.receivesAt(files.origin);
  await files.close();
}

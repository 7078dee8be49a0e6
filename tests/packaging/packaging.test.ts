// The packages as they are packed, in five kinds of page, without any configuration for them: they load, connect and
// receive, and the browser has nothing to complain of.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Chromium } from '../support/browser.ts';
import { Files } from '../support/files.ts';
import { Node } from '../support/node.ts';
import { freePort, Running } from '../support/programs.ts';

const run = promisify(execFile);
const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const resolve = createRequire(import.meta.url).resolve;
const vite = join(dirname(resolve('vite/package.json')), 'bin/vite.js');
const angular = join(dirname(resolve('@angular/cli/package.json')), 'bin/ng.js');
const environment = { ...process.env, NG_CLI_ANALYTICS: 'false', CI: 'true' };

let node: Node;
let browser: Chromium;

before(async () => {
  await unpack();
  [node, browser] = await Promise.all([Node.start({ backbone: 'memory' }), Chromium.start()]);
});

after(async () => {
  await browser?.close();
  await node?.kill();
});

test('a plain module script from a folder of files', async () => {
  const files = await Files.serve({ '/': here('./plain'), '/node_modules/': here('./node_modules') });
  await receivesAt(files.origin);
  await files.close();
});

test('a page built by Vite', async () => {
  await run(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
    cwd: here('./vite'),
    env: environment,
  });
  const files = await Files.serve({ '/': here('./vite/dist') });
  await receivesAt(files.origin);
  await files.close();
});

test('a page built by Angular (ng build)', async () => {
  await receivesAsBuiltByAngular('production');
});

test('a page built by Angular with zone.js', async () => {
  await receivesAsBuiltByAngular('zone');
});

test('a page served by Angular while developing (ng serve)', async () => {
  const port = await freePort();
  const words = [
    angular,
    'serve',
    '--host',
    '127.0.0.1',
    '--port',
    `${port}`,
    '--no-live-reload',
    '--no-hmr',
  ];
  const server = new Running(process.execPath, words, { cwd: here('./angular'), env: environment });
  try {
    const origin = `http://127.0.0.1:${port}`;
    await server.until(async () => assert.ok((await fetch(origin)).ok), 120);
    await receivesAt(origin);
  } finally {
    await server.kill();
  }
});

/** Puts the packed packages where the pages look for them, in place of the workspace's links to their sources. */
async function unpack(): Promise<void> {
  const folder = process.env.TIDEWIRE_PACKED ?? '';
  const files = await readdir(folder);
  for (const name of ['client', 'angular']) {
    const packed = files.find(file => file.startsWith(`tidewire-${name}-`));
    assert.ok(packed, `no packed ${name} in ${folder}: run cargo xtask test --only packaging`);
    const place = here(`./node_modules/@tidewire/${name}`);
    await rm(place, { recursive: true, force: true });
    await mkdir(place, { recursive: true });
    await run('tar', ['-xzf', join(folder, packed), '-C', place, '--strip-components', '1']);
  }
  // What was made with another package must not be met again.
  for (const made of ['./vite/dist', './vite/node_modules', './angular/dist', './angular/.angular']) {
    await rm(here(made), { recursive: true, force: true });
  }
}

async function receivesAsBuiltByAngular(configuration: string): Promise<void> {
  const words = [angular, 'build', '--configuration', configuration];
  await run(process.execPath, words, { cwd: here('./angular'), env: environment });
  const files = await Files.serve({ '/': here('./angular/dist/app/browser') });
  await receivesAt(files.origin);
  await files.close();
}

async function receivesAt(origin: string): Promise<void> {
  const { page, complaints } = await browser.open(`${origin}/?url=ws://127.0.0.1:${node.port}/v1/connect`);
  try {
    await page.waitForFunction("document.querySelector('output')?.textContent === 'received'", undefined, {
      timeout: 30_000,
      polling: 10,
    });
  } catch (trouble) {
    throw new Error(`the page received nothing; the browser says: ${complaints.join('\n') || 'nothing'}`, {
      cause: trouble,
    });
  } finally {
    await page.close();
  }
  assert.deepEqual(complaints, []);
}

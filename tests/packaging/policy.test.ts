// The packed client in pages whose Content Security Policy allows just enough, and too little.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { Files } from '../support/files.ts';
import { here, unpack } from './support/packed.ts';
import { shows, Stage } from './support/stage.ts';

let stage: Stage;

before(async () => {
  await unpack();
  stage = await Stage.set();
});

after(() => stage?.strike());

test("script-src 'self' 'wasm-unsafe-eval' is enough", async () => {
  const page = await under({ script: "'self' 'wasm-unsafe-eval'", connect: servers() });
  await shows(page, 'received');
  assert.deepEqual(page.complaints, []);
  await page.leave();
});

test("without 'wasm-unsafe-eval' there is one error that says so, and the page goes on", async () => {
  const page = await under({ script: "'self'", connect: servers() });
  await shows(page, 'wasm_blocked');
  assert.equal(page.complaints.length, 1, page.complaints.join('\n'));
  assert.match(page.complaints[0] ?? '', /^TidewireError: .*add 'wasm-unsafe-eval' to its script-src$/);
  assert.match((await page.locator('p').textContent()) ?? '', /^closed: .*'wasm-unsafe-eval'/);
  await goesOn(page);
  await page.leave();
});

test('without the server in connect-src the client waits with a reason, the browser names the policy, and the page goes on', async () => {
  const page = await under({ script: "'self' 'wasm-unsafe-eval'", connect: "'self'" });
  await page
    .locator('p')
    .filter({ hasText: /^waiting: .*Failed to fetch/ })
    .waitFor();
  for (const complaint of page.complaints) assert.match(complaint, /Content Security Policy/);
  await goesOn(page);
  await page.leave();
});

/** The server's address as both kinds of link have it. */
function servers(): string {
  return `${stage.url} ${stage.url.replace('ws', 'http')}`;
}

interface Policy {
  script: string;
  connect: string;
}

type PageUnder = Page & { complaints: string[]; leave(): Promise<void> };

async function under({ script, connect }: Policy): Promise<PageUnder> {
  const policy = `default-src 'none'; img-src data:; script-src ${script}; connect-src ${connect}`;
  const folders = { '/': here('policy'), '/node_modules/': here('node_modules') };
  const files = await Files.serve(folders, { 'content-security-policy': policy });
  const { page, complaints } = await stage.open(files.origin);
  return Object.assign(page, {
    complaints,
    async leave() {
      await page.close();
      await files.close();
    },
  });
}

async function goesOn(page: Page): Promise<void> {
  await page.locator('button').click();
  await page.locator('button', { hasText: 'goes on' }).waitFor();
}

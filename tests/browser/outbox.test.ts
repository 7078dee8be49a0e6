// What a page publishes while it is offline, or gets no answer to, survives the page: it is in the log once, in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { numbers } from './heard-all.ts';
import { Publisher } from './publisher.ts';
import { Stage, type Actor } from './stage.ts';

/** How long the page is offline; `OFFLINE_SECONDS=60` for an evening's patience. */
const OFFLINE_MS = Number(process.env['OFFLINE_SECONDS'] ?? 3) * 1000;

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

const keeps = (): Promise<Actor> => stage.actor(undefined, { outbox: 'yes' });

const from = (first: number, count: number) => numbers(count).map(number => first + number);

async function publishes(actor: Actor, which: number[]): Promise<void> {
  await actor.page.evaluate(`publishAll(${JSON.stringify(which)})`);
}

async function log(actor: Actor, count: number): Promise<number[]> {
  const publisher = new Publisher(stage.nodes, actor.channel);
  const patience = Date.now() + 60_000;
  for (;;) {
    const found = await publisher.log();
    if (found.length >= count || Date.now() > patience) return found;
    await pause(50);
  }
}

/** The numbers that are stored on the page's origin, of its channel. */
function stored(actor: Actor): Promise<number[]> {
  return actor.page.evaluate('stored()');
}

/** Resolves once what the page has stored is so. */
async function hasStored(actor: Actor, isSo: (found: number[]) => boolean): Promise<void> {
  const patience = Date.now() + 60_000;
  for (;;) {
    const found = await stored(actor);
    if (isSo(found)) return;
    if (Date.now() > patience) throw new Error(`the page has stored ${found.length}: ${found.slice(0, 20)}`);
    await pause(10);
  }
}

async function hasNothingStored(actor: Actor): Promise<void> {
  await hasStored(actor, found => found.length === 0);
}

test(`200 publishes of a page that is offline for ${OFFLINE_MS / 1000} s and loaded anew meanwhile`, async context => {
  const actor = await keeps();
  await actor.subscribes();
  actor.network.cutAndForget();
  await publishes(actor, numbers(100));
  await hasStored(actor, found => found.length === 100);
  await pause(OFFLINE_MS / 2);
  await actor.reloads();
  // What this page publishes comes after what the one before has left.
  await publishes(actor, from(100, 100));
  await hasStored(actor, found => found.length === 200);
  await pause(OFFLINE_MS / 2);
  actor.network.heal();
  const healed = Date.now();

  assert.deepEqual(await log(actor, 200), numbers(200));
  context.diagnostic(`all in the log ${Date.now() - healed} ms after the network was back`);
  await actor.waitsFor('heard.acknowledged === 100 && heard.delivered.length === 100');
  const heard = await actor.heard();
  assert.deepEqual(heard.delivered, numbers(100));
  assert.deepEqual(heard.errors, []);
  await hasNothingStored(actor);
  await actor.leaves();
});

test('200 publishes, of which the nodes have some and the page does not know it when it is loaded anew', async () => {
  const actor = await keeps();
  await actor.subscribes();
  actor.network.muffle();
  await publishes(actor, numbers(200));
  const arrived = await log(actor, 64);
  assert.ok(arrived.length >= 64 && arrived.length < 200, `${arrived.length} have arrived`);
  assert.equal((await actor.heard()).acknowledged, 0);
  await hasStored(actor, found => found.length === 200);
  await actor.reloads();

  assert.deepEqual(await log(actor, 200), numbers(200));
  await actor.waitsFor('heard.delivered.length === 200');
  assert.deepEqual((await actor.heard()).delivered, numbers(200));
  await hasNothingStored(actor);
  assert.deepEqual(await log(actor, 200), numbers(200));
  await actor.leaves();
});

test('a page that is loaded anew again and again while it publishes', async context => {
  const actor = await keeps();
  let published = 0;
  for (let round = 0; round < 10; round++) {
    await publishes(actor, from(published, 50));
    // What is not stored yet when the page goes was never sent, and is gone with it. All of a step is stored at once, and
    // may be delivered and forgotten by the time that somebody looks.
    const first = published;
    const isAcknowledged = () => actor.page.evaluate<boolean>('heard.acknowledged > 0');
    while (!(await isAcknowledged()) && !(await stored(actor)).some(number => number >= first))
      await pause(1);
    published += 50;
    await pause(round * 20);
    await actor.reloads();
  }
  await hasNothingStored(actor);
  const found = await log(actor, published);
  context.diagnostic(`${found.length} of ${published} in the log`);
  assert.deepEqual(found, numbers(published));
  await actor.leaves();
});

test('what a tab has stored is its own as long as it lives', async () => {
  const actor = await keeps();
  await actor.subscribes();
  actor.network.cutAndForget();
  await publishes(actor, numbers(10));
  await hasStored(actor, found => found.length === 10);
  const other = await actor.opensAnother();
  await publishes(other, from(10, 10));
  await hasStored(other, found => found.length === 20);
  actor.network.heal();
  await Promise.all([actor, other].map(one => one.waitsFor('heard.acknowledged === 10')));
  assert.deepEqual(
    (await log(actor, 20)).toSorted((a, b) => a - b),
    numbers(20),
  );
  assert.deepEqual((await other.heard()).delivered, []);

  actor.network.cutAndForget();
  await publishes(actor, from(20, 10));
  await hasStored(actor, found => found.length === 10);
  await actor.leaves();
  await other.reloads();
  actor.network.heal();
  await other.waitsFor('heard.delivered.length === 10');
  assert.deepEqual((await log(other, 30)).slice(20), from(20, 10));
  await hasNothingStored(other);
  await other.leaves();
});

test('without IndexedDB it goes on, and says so', async () => {
  const actor = await keeps();
  await actor.page.addInitScript(
    'delete window.indexedDB; Object.defineProperty(window, "indexedDB", { value: undefined })',
  );
  await actor.reloads();
  await publishes(actor, numbers(10));
  await actor.waitsFor('heard.acknowledged === 10');
  assert.deepEqual(await log(actor, 10), numbers(10));
  const { errors } = await actor.heard();
  assert.equal(errors.length, 1);
  assert.match(errors[0] ?? '', /does not outlive the page/);
  await actor.leaves();
});

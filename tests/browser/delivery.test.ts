// Every publication reaches the page once and in order, whatever happens to its node, its network or itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { kept, unfrozen } from '../support/firefox.ts';
import { heardAll, numbers } from './heard-all.ts';
import { Publisher } from './publisher.ts';
import { Stage } from './stage.ts';

/** Whether a page shares its socket, and how a test is named of it. */
const sharing = [
  ['yes', 'that shares its socket'],
  ['no', 'with a socket of its own'],
] as const;

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

test('2,000 publications, while the page’s node is killed three times', async context => {
  const actor = await stage.actor();
  await actor.subscribes();
  const publisher = new Publisher(stage.nodes, actor.channel);
  const kills: Promise<void>[] = [];
  for (const number of numbers(2000)) {
    if ([500, 1000, 1500].includes(number)) {
      // The node must be the page's, and the one killed before be up again.
      await Promise.all(kills);
      await actor.isLive();
      kills.push(actor.losesItsNode());
    }
    await publisher.publish(number);
  }
  await Promise.all(kills);
  const heard = await actor.hears(2000);
  await actor.leaves();
  heardAll(heard, 2000);
  assert.ok(
    heard.lives.length >= 4,
    `it lost its node three times, but was live ${heard.lives.length} times`,
  );
  const replayed = heard.lives.reduce((sum, live) => sum + live.replayed, 0);
  context.diagnostic(`live ${heard.lives.length} times, ${replayed} publications replayed`);
});

test('2,000 publications, while the page’s network is silent for 20 s', async () => {
  const actor = await stage.actor();
  await actor.subscribes();
  const publisher = new Publisher(stage.nodes, actor.channel);
  await publishAcross(publisher, { before: () => actor.network.cut(), after: () => actor.network.heal() });
  const heard = await actor.hears(2000);
  await actor.leaves();
  heardAll(heard, 2000);
});

test('2,000 publications, while the page’s connection is lost and its network dead for 20 s', async context => {
  const actor = await stage.actor();
  await actor.subscribes();
  const publisher = new Publisher(stage.nodes, actor.channel);
  await publishAcross(publisher, {
    before: () => actor.network.cutAndForget(),
    after: () => actor.network.heal(),
  });
  const heard = await actor.hears(2000);
  await actor.leaves();
  heardAll(heard, 2000);
  const replayed = heard.lives.reduce((sum, live) => sum + live.replayed, 0);
  assert.ok(replayed > 0, 'nothing was replayed: was it cut off at all?');
  context.diagnostic(`live ${heard.lives.length} times, ${replayed} publications replayed`);
});

for (const [share, name] of sharing)
  test(
    `2,000 publications, while a page ${name} is frozen for 20 s, its node killed meanwhile, and thawed`,
    unfrozen,
    async context => {
      const actor = await stage.actor(undefined, { share });
      await actor.subscribes();
      const publisher = new Publisher(stage.nodes, actor.channel);
      let thaw = () => Promise.resolve();
      await publishAcross(publisher, {
        before: async () => {
          // Read before: a page that shares its socket gives it up when it freezes.
          const { node } = actor;
          thaw = await actor.freezes();
          await node.killAndRestart();
        },
        after: () => thaw(),
      });
      const heard = await actor.hears(2000);
      await actor.leaves();
      heardAll(heard, 2000);
      assert.equal(heard.froze, 1, 'the page was told that it freezes');
      context.diagnostic(`live ${heard.lives.length} times`);
    },
  );

for (const [share, name] of sharing)
  test(`100 publications, while a page ${name} is left, and come back to`, kept, async () => {
    const actor = await stage.actor(undefined, { share });
    await actor.subscribes();
    const publisher = new Publisher(stage.nodes, actor.channel);
    for (const number of numbers(100)) await publisher.publish(number);
    await actor.hears(100);
    await actor.goesElsewhere();
    for (const number of numbers(100)) await publisher.publish(100 + number);
    assert.ok(await actor.comesBack(), 'the browser kept the page');
    const heard = await actor.hears(200);
    await actor.leaves();
    heardAll(heard, 200);
    assert.equal(heard.lives.at(-1)?.replayed, 100);
  });

/** Publishes 2,000 numbers: 200, then 1,600 of them over 20 s in between `before` and `after`, then the rest. */
async function publishAcross(
  publisher: Publisher,
  outage: { before: () => unknown; after: () => unknown },
): Promise<void> {
  for (const number of numbers(200)) await publisher.publish(number);
  await outage.before();
  const start = performance.now();
  for (const step of numbers(1600)) {
    // The pace is the test's matter: they are spread over the 20 s.
    const due = start + step * 12.5;
    await new Promise(resolve => setTimeout(resolve, Math.max(0, due - performance.now())));
    await publisher.publish(200 + step);
  }
  await outage.after();
  for (const number of numbers(200)) await publisher.publish(1800 + number);
}

// What a page publishes is in the log once, however often its node dies with publishes under way.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Publisher } from './publisher.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

test('1,000 publishes by a page that loses its node in the middle of them, three times', async () => {
  const actor = await stage.actor();
  await actor.subscribes();
  const publishing = actor.page.evaluate('publish(1000)');
  for (const acknowledged of [150, 400, 650]) {
    await actor.waitsFor(`heard.acknowledged >= ${acknowledged} && isLive()`);
    await actor.losesItsNode();
    assert.ok((await actor.heard()).acknowledged < 1000, 'the node was killed after the last publish');
  }
  await publishing;

  const heard = await actor.hears(1000);
  const inOrder = Array.from({ length: 1000 }, (_, number) => number);
  assert.equal(heard.acknowledged, 1000);
  assert.deepEqual(await new Publisher(stage.nodes, actor.channel).log(), inOrder, 'the log');
  assert.deepEqual(heard.numbers, inOrder, 'what the page itself heard');
  assert.deepEqual(heard.gaps, []);
  await actor.leaves();
});

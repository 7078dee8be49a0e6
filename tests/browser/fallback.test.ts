// Behind a proxy that lets no WebSocket pass, a page is connected all the same, and the promise is kept.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { StrictProxy, type Passing } from '../support/strict-proxy.ts';
import { heardAll, numbers } from './heard-all.ts';
import { Publisher } from './publisher.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

const proxies: { passing: Passing; way: string }[] = [
  { passing: 'at once', way: 'a stream' },
  { passing: 'when whole', way: 'polls' },
];

for (const { passing, way } of proxies) {
  test(`2,000 publications by ${way}, each request to another node, while all is cut three times`, async context => {
    const actor = await stage.actorBehind(ports => StrictProxy.before(ports, passing));
    await actor.subscribes();
    const { liveMs } = await actor.heard();
    assert.ok(liveMs < 3_000, `it took ${liveMs} ms to connect`);
    const publisher = new Publisher(stage.nodes, actor.channel);
    for (const number of numbers(2000)) {
      if ([500, 1000, 1500].includes(number)) {
        await actor.isLive();
        actor.network.cut();
      }
      await publisher.publish(number);
    }
    const heard = await actor.hears(2000);
    await actor.leaves();
    heardAll(heard, 2000);
    assert.ok(actor.network.upgradesRefused <= 2, 'a way that works was not taken again');
    assert.ok(heard.lives.length >= 4, `cut three times, but live ${heard.lives.length} times`);
    const replayed = heard.lives.reduce((sum, live) => sum + live.replayed, 0);
    context.diagnostic(
      `connected after ${Math.round(liveMs)} ms; live ${heard.lives.length} times, ${replayed} replayed`,
    );
  });

  test(`500 publishes by a page that has ${way}, while all is cut in the middle of them`, async () => {
    const actor = await stage.actorBehind(ports => StrictProxy.before(ports, passing));
    await actor.subscribes();
    const publishing = actor.page.evaluate('publish(500)');
    await actor.waitsFor('heard.acknowledged >= 100 && isLive()');
    actor.network.cut();
    assert.ok((await actor.heard()).acknowledged < 500, 'all was cut after the last publish');
    await publishing;
    const heard = await actor.hears(500);
    assert.deepEqual(await new Publisher(stage.nodes, actor.channel).log(), numbers(500), 'the log');
    await actor.leaves();
    heardAll(heard, 500);
  });
}

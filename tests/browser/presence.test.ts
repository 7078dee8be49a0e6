// Pages see each other, and see who is gone, however they went.
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { Stage, type Actor } from './stage.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

/** Seconds in which the members of a killed node have left: a lease of 9 s, a quarter more, and time to say so. */
const LEASE = 15;

/** A page that is subscribed and watches, on a channel of these tests. */
async function watcher(channel: string): Promise<Actor> {
  const actor = await stage.actor(channel);
  await actor.subscribes();
  await actor.page.evaluate('void watchPresence()');
  return actor;
}

/** Resolves once a page sees exactly so many, itself among them. */
async function sees(actor: Actor, count: number, seconds = 30): Promise<void> {
  await actor.waitsFor(
    `heard.present?.length === ${count} && heard.present.includes(client.statusDetail.connection)`,
    seconds,
  );
}

test('two pages see each other, and that one is closed', async () => {
  const channel = randomUUID();
  const [one, other] = [await watcher(channel), await watcher(channel)];
  await sees(one, 2);
  await sees(other, 2);

  await other.leaves();
  await sees(one, 1, LEASE);
  await one.leaves();
});

test('a page whose node is killed is there again once, and what it was is gone within the lease', async () => {
  const channel = randomUUID();
  const [one, other] = [await watcher(channel), await watcher(channel)];
  await sees(one, 2);
  const killed = one.losesItsNode();
  await one.isLive();
  await killed;
  await sees(one, 2, 2 * LEASE);
  await sees(other, 2, 2 * LEASE);
  await one.leaves();
  await other.leaves();
});

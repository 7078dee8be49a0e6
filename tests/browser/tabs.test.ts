// Tabs share a socket, and whoever had it may end in any way: each tab hears every publication once and in order.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isFirefox, unfrozen } from '../support/firefox.ts';
import { heardAll, numbers } from './heard-all.ts';
import { Publisher } from './publisher.ts';
import { Stage, type Heard } from './stage.ts';
import { Tabs, type End } from './tabs.ts';

let stage: Stage;
before(async () => (stage = await Stage.set()));
after(() => stage?.clear());

const PUBLICATIONS = 5000;
const ENDS = 20;

const sockets = () => total('tidewire_shared_sockets');
const connections = () => total('tidewire_connections');

test(`${PUBLICATIONS} publications to ten tabs, while the one with the socket is closed or crashes ${ENDS} times`, async context => {
  const tabs = await Tabs.on(stage);
  await tabs.fill(10);
  assert.equal(await sockets(), 1);
  const stop = new AbortController();
  const counts = sampled(sockets, stop.signal);
  const published = publish(tabs, PUBLICATIONS, stop.signal);
  const times: number[] = [];
  for (const turn of numbers(ENDS)) {
    const stretch = PUBLICATIONS / (ENDS + 2);
    // A browser that opens tabs slowly would be left behind with nothing to hear.
    published.restAt((turn + 2) * stretch);
    await published.until((turn + 1) * stretch);
    const [leader, ...others] = await tabs.withSockets();
    assert.ok(leader && !others.length, 'one tab has the socket');
    const end: End = turn % 2 && !isFirefox ? 'crashed' : 'closed';
    times.push(...(await tabs.liveAgain(await tabs.end(leader, end))));
    await tabs.fill(10);
  }
  published.restAt(PUBLICATIONS);
  await published.all;
  const heard = await tabs.heard(PUBLICATIONS);
  stop.abort();
  const seen = await counts;

  for (const one of heard) heardFromItsFirst(one, PUBLICATIONS);
  assert.equal(await sockets(), 1);
  assert.equal(await connections(), 10);
  times.sort((a, b) => a - b);
  const worst = times.at(-1)!;
  assert.ok(worst < 2_000, `it took ${worst} ms until a tab was live again`);
  assert.ok(Math.max(...seen) <= 2, `${Math.max(...seen)} sockets at one time`);
  context.diagnostic(
    `live again after ${times[times.length >> 1]} ms in the median, ${worst} ms at worst, of ${times.length}`,
  );
  const several = seen.filter(count => count > 1).length;
  context.diagnostic(
    `most sockets at one time: ${Math.max(...seen)}, in ${several} of ${seen.length} samples`,
  );
  const lived = heard.map(({ numbers }) => numbers.length).sort((a, b) => b - a);
  context.diagnostic(`publications heard by each tab: ${lived.join(', ')}`);
  await tabs.close();
});

test('ten tabs take less than three times the bytes of one, and with sharing off more than eight times as many', async context => {
  const bytes = async (count: number, options: Record<string, string> = {}) => {
    const tabs = await Tabs.on(stage, options);
    await tabs.fill(count);
    const before = tabs.network.bytes;
    await publish(tabs, 500).all;
    for (const heard of await tabs.heard(500)) heardAll(heard, 500);
    const taken = tabs.network.bytes - before;
    const open = tabs.network.count;
    await tabs.close();
    return { taken, open };
  };
  const one = await bytes(1);
  const ten = await bytes(10);
  const apart = await bytes(10, { share: 'no' });
  assert.deepEqual([one.open, ten.open, apart.open], [1, 1, 10], 'sockets');
  assert.ok(ten.taken < 3 * one.taken, `${ten.taken} bytes to ten, ${one.taken} to one`);
  assert.ok(apart.taken > 8 * one.taken, `${apart.taken} bytes to ten apart, ${one.taken} to one`);
  context.diagnostic(
    `bytes of 500 publications: one tab ${one.taken}, ten that share ${ten.taken}, ten apart ${apart.taken}`,
  );
});

test('nodes that do not know the subprotocol give each tab a socket of its own', async () => {
  const tabs = await Tabs.on(stage);
  tabs.network.hide('tidewire.v1.shared, ');
  await tabs.fill(3);
  assert.equal(tabs.network.count, 3);
  assert.equal((await tabs.withSockets()).length, 3);
  await publish(tabs, 200).all;
  for (const heard of await tabs.heard(200)) heardAll(heard, 200);
  await tabs.close();
});

test(
  'a page that freezes gives up the socket, and takes part again when it thaws',
  unfrozen,
  async context => {
    const tabs = await Tabs.on(stage);
    await tabs.fill(3);
    const published = publish(tabs, 400);
    await published.until(100);
    const [leader] = await tabs.withSockets();
    const since = Date.now();
    const thaw = await leader!.freezes();
    tabs.open.delete(leader!);
    const times = await tabs.liveAgain(since);
    assert.ok(Math.max(...times) < 2_500, `live again after ${times} ms`);
    await thaw();
    tabs.open.add(leader!);
    await published.all;
    for (const heard of await tabs.heard(400)) heardAll(heard, 400);
    assert.equal(tabs.network.count, 1);
    context.diagnostic(`live again after ${Math.max(...times)} ms`);
    await tabs.close();
  },
);

test('a page that hangs loses the socket to one that somebody sees', async context => {
  const tabs = await Tabs.on(stage);
  await tabs.fill(3);
  const published = publish(tabs, 800);
  await published.until(100);
  const [leader] = await tabs.withSockets();
  const since = Date.now();
  const hanging = leader!.page.evaluate('for (const end = Date.now() + 4000; Date.now() < end;);');
  tabs.open.delete(leader!);
  const times = await tabs.liveAgain(since);
  assert.ok(Math.max(...times) < 4_000, `live again after ${times} ms`);
  await hanging;
  tabs.open.add(leader!);
  await published.all;
  for (const heard of await tabs.heard(800)) heardAll(heard, 800);
  assert.equal(tabs.network.count, 1);
  context.diagnostic(`live again after ${Math.max(...times)} ms`);
  await tabs.close();
});

/** Each from its first on: once, in order, with no gap told. */
function heardFromItsFirst(heard: Heard, count: number): void {
  const [first = count] = heard.numbers;
  assert.deepEqual(heard.numbers, numbers(count).slice(first));
  assert.deepEqual(heard.gaps, []);
  assert.deepEqual(heard.errors, []);
}

/** Publishes so many numbers, about a hundred in a second. */
function publish(tabs: Tabs, count: number, signal?: AbortSignal) {
  const publisher = new Publisher(stage.nodes, tabs.channel);
  let published = 0;
  let rest = count;
  const waiting: { number: number; resolve: () => void }[] = [];
  const all = (async () => {
    for (const number of numbers(count)) {
      while (number >= rest && !signal?.aborted) await new Promise(resolve => setTimeout(resolve, 1));
      if (signal?.aborted) return;
      const pause = new Promise(resolve => setTimeout(resolve, 8));
      await publisher.publish(number);
      await pause;
      published = number + 1;
      for (const one of waiting) if (one.number <= published) one.resolve();
    }
  })();
  const until = (number: number) =>
    new Promise<void>(resolve => (number <= published ? resolve() : waiting.push({ number, resolve })));
  /** Goes no further for now. */
  const restAt = (number: number) => void (rest = number);
  return { all, until, restAt };
}

/** What something counts, every 20 ms. */
async function sampled(count: () => Promise<number>, signal: AbortSignal): Promise<number[]> {
  const seen: number[] = [];
  while (!signal.aborted) {
    seen.push(await count());
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return seen;
}

async function total(name: string): Promise<number> {
  const counts = await Promise.all(stage.nodes.map(node => node.counts(name)));
  return counts.reduce((sum, count) => sum + count, 0);
}

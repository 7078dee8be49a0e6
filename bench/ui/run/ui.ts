// The same table, fed in six ways.
//
// node run/ui.ts [--runs 3] [--seconds 10] [--rate 1000] [--only NAME;NAME] [--plot FILE.svg] [--built]
// --built: with the pages as they were built before.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Browser, CDPSession } from 'playwright-core';
import { browser, metrics } from './browser.ts';
import { Feed } from './feed.ts';
import { plot } from './plot.ts';
import { buildPage, TidewireServer } from './programs.ts';
import { latencies, meanAge, median, percentile, WAYS, type Outcome } from './ways.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    rate: { type: 'string', default: '1000' },
    only: { type: 'string' },
    plot: { type: 'string' },
    built: { type: 'boolean', default: false },
  },
});
const seconds = Number(values.seconds);
const rate = Number(values.rate);
const WARM_UP_MS = 3000;
const KEY_EVERY_MS = 200;

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
const clock = () => performance.timeOrigin + performance.now();

interface Seen {
  passes: number;
  frames: number;
  painted: [at: number, seq: number][];
  longTasks: number[];
  interactions: Record<number, number>;
}

type Way = (typeof WAYS)[number];

async function measure(chromium: Browser, feed: Feed, server: TidewireServer, way: Way): Promise<Outcome> {
  const page = await chromium.newPage({ viewport: { width: 1000, height: 800 } });
  const session = await page.context().newCDPSession(page);
  // As CPU time: what others do on the machine in the meantime does not count.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const query = new URLSearchParams({ way: way.name, server: server.url });
  page.on('pageerror', error => console.error(`${way.name}: ${error}`));
  page.on(
    'console',
    message => message.type() === 'error' && console.error(`${way.name}: ${message.text()}`),
  );
  feed.begin(way.name, rate);
  await page.goto(`${feed.origin}/${way.build}/browser/?${query}`);
  await page.focus('input');
  await page.waitForFunction('seen.painted.length > 0');
  await pause(WARM_UP_MS);

  await page.evaluate('Object.assign(seen, { passes: 0, frames: 0, longTasks: [], interactions: {} })');
  const from = clock();
  await types(session);
  const to = clock();
  const counts = (await page.evaluate('({ passes: seen.passes, frames: seen.frames })')) as Seen;
  // So that what came last is painted too.
  await pause(1500);
  const seen = (await page.evaluate('seen')) as Seen;

  // What it costs is measured while it does nothing else.
  await page.evaluate('seen.isWatching = false');
  const before = await metrics(session);
  const began = clock();
  await types(session);
  const costly = clock() - began;
  const after = await metrics(session);
  const traffic = await measureTraffic(session);
  feed.pause();
  await page.close();

  const times = latencies(feed.publishedAt, seen.painted, from, to);
  const perSecond = (count: number) => (count * 1000) / (to - from);
  const spent = (name: string) => ((after[name]! - before[name]!) * 1e6) / costly;
  const waits = Object.values(seen.interactions).sort((one, other) => one - other);
  return {
    way: way.name,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
    p99: percentile(times, 0.99),
    age: meanAge(feed.publishedAt, seen.painted, from, to),
    passes: perSecond(counts.passes),
    frames: perSecond(counts.frames),
    script: spent('ScriptDuration'),
    layout: spent('LayoutDuration') + spent('RecalcStyleDuration'),
    task: spent('TaskDuration'),
    longTasks: seen.longTasks.length,
    // Shorter ones than 16 ms are not told; an event's duration is told in steps of 8 ms.
    inp: waits.length ? percentile(waits, 0.98) : 16,
    ...traffic,
  };
}

/** Somebody types, for as long as it is measured. */
async function types(session: CDPSession): Promise<void> {
  for (const end = clock() + seconds * 1000; clock() < end;) {
    await key(session);
    await pause(KEY_EVERY_MS);
  }
}

async function key(session: CDPSession): Promise<void> {
  const press = { key: 'a', code: 'KeyA', text: 'a', windowsVirtualKeyCode: 65 };
  await session.send('Input.dispatchKeyEvent', { type: 'keyDown', ...press });
  await session.send('Input.dispatchKeyEvent', { type: 'keyUp', ...press, text: '' });
}

/** Requests and kilobytes a second, apart from the rest: to be told of each message costs the page as well. */
async function measureTraffic(session: CDPSession): Promise<Pick<Outcome, 'requests' | 'kilobytes'>> {
  const LASTING_S = 2;
  let requests = 0;
  let bytes = 0;
  session.on('Network.requestWillBeSent', () => requests++);
  session.on('Network.dataReceived', ({ encodedDataLength }) => (bytes += encodedDataLength));
  session.on('Network.responseReceived', ({ response }) => (bytes += response.encodedDataLength));
  session.on('Network.webSocketFrameReceived', ({ response: { opcode, payloadData } }) => {
    const length = opcode === 1 ? Buffer.byteLength(payloadData) : Buffer.from(payloadData, 'base64').length;
    bytes += length + (length < 126 ? 2 : length < 65_536 ? 4 : 10);
  });
  await session.send('Network.enable');
  await pause(LASTING_S * 1000);
  await session.send('Network.disable');
  return { requests: requests / LASTING_S, kilobytes: bytes / 1000 / LASTING_S };
}

function row(name: string, outcomes: readonly Outcome[]): string {
  const of = (key: keyof Outcome, digits = 0) =>
    median(outcomes.map(one => one[key] as number)).toFixed(digits);
  const cells = [
    name,
    of('p50', 1),
    of('p95', 1),
    of('p99', 1),
    of('age', 1),
    of('passes'),
    of('frames'),
    of('script'),
    of('layout'),
    of('task'),
    of('longTasks'),
    of('inp'),
    of('requests', 1),
    of('kilobytes', 1),
  ];
  return `| ${cells.join(' | ')} |`;
}

if (!values.built)
  for (const { build } of new Map(WAYS.map(way => [way.build, way])).values()) buildPage(build);
const server = await TidewireServer.start();
const feed = await Feed.start(server.url);
const chromium = await browser();
const ways = WAYS.filter(({ name }) => !values.only || values.only.split(';').includes(name));
const outcomes: Outcome[] = [];
for (let number = 0; number < Number(values.runs); number++) {
  for (const way of ways) {
    const outcome = await measure(chromium, feed, server, way);
    outcomes.push(outcome);
    console.log(
      `run ${number + 1}`,
      JSON.stringify(outcome, (_, value) => (typeof value === 'number' ? +value.toFixed(1) : value)),
    );
  }
}
await chromium.close();
await feed.stop();
server.stop();

console.log(`\nChromium ${chromium.version()}, ${rate} updates/s, ${values.runs} × ${seconds} s, medians\n`);
console.log(
  '| | p50 ms | p95 ms | p99 ms | age ms | passes/s | frames/s | script ms/s | layout ms/s | task ms/s | long tasks | INP ms | requests/s | KB/s |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
for (const { name } of ways)
  console.log(
    row(
      name,
      outcomes.filter(({ way }) => way === name),
    ),
  );
if (values.plot) {
  const bars = ways.map(({ name }) => ({ name, of: outcomes.filter(({ way }) => way === name) }));
  await writeFile(values.plot, plot(bars, rate));
}
process.exit();

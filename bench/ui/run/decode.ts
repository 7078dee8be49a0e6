// Messages a second of the page's main thread: ours beside centrifuge's JSON client.
//
// node run/decode.ts [--runs 7] [--messages 20000]
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { createClient, defineChannel } from '../../../npm/client/dist/index.js';
import { browser, metrics } from './browser.ts';
import { path, TidewireServer } from './programs.ts';
import { median } from './ways.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '7' }, messages: { type: 'string', default: '20000' } },
});
const count = Number(values.messages);
const BATCHES = [1, 10, 100];
/** The size of a payload, in bytes. */
const PAYLOAD = 128;

function payload(number: number): object {
  const data = {
    row: number % 500,
    price: 100 + (number % 977) / 100,
    volume: number % 9973,
    side: 'buy',
    note: '',
  };
  return { ...data, note: 'x'.repeat(PAYLOAD - JSON.stringify(data).length) };
}

const built = await build({
  entryPoints: [path('../decode/page.ts')],
  alias: { '@tidewire/client/slim': path('../../../npm/client/dist/slim.js') },
  bundle: true,
  minify: true,
  format: 'esm',
  write: false,
  logLevel: 'warning',
});
const files: Record<string, [type: string, body: Uint8Array | string]> = {
  '/': [
    'text/html',
    '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>',
  ],
  '/page.js': ['text/javascript', built.outputFiles[0]!.contents],
  '/tidewire.wasm': ['application/wasm', await readFile(path('../../../npm/client/dist/tidewire.wasm'))],
};
const http = createServer((request, response) => {
  const [type, body] = files[request.url ?? ''] ?? ['text/plain', ''];
  response.writeHead(200, { 'content-type': type }).end(body);
});
await new Promise<void>(listening => http.listen(0, '127.0.0.1', listening));
const server = await TidewireServer.start();
const chromium = await browser();
const page = await chromium.newPage();
page.on('pageerror', error => console.error(error));
await page.goto(`http://127.0.0.1:${(http.address() as { port: number }).port}/`);
await page.waitForFunction('globalThis.record');

const recording = page.evaluate(`record(${JSON.stringify(server.url)}, ${count})`);
await page.waitForSelector('html[data-live]', { state: 'attached' });
const publisher = createClient({ url: server.url });
publisher.connect();
const channel = publisher.channel(defineChannel<object>('bench:all'));
const AT_ONCE = 500;
for (let number = 0; number < count; number += AT_ONCE) {
  const some = Array.from({ length: Math.min(AT_ONCE, count - number) }, (_, more) => payload(number + more));
  await Promise.all(some.map(data => channel.publish(data)));
}
await recording;
publisher.close();
server.stop();

const session = await page.context().newCDPSession(page);
await session.send('Performance.enable');

/** Microseconds of the main thread for each message. */
async function measure(name: 'tidewire' | 'centrifuge', batch: number): Promise<number> {
  await page.evaluate(`prepare.${name}(${batch})`);
  await page.evaluate('gc()');
  const before = await metrics(session);
  await page.evaluate('run()');
  const after = await metrics(session);
  return ((after['ThreadTime']! - before['ThreadTime']!) * 1e6) / count;
}

console.log(
  `Chromium ${chromium.version()}, ${count} messages of ${PAYLOAD} B, ${values.runs} runs in turn\n`,
);
console.log(
  '| publications in a message | tidewire µs each | centrifuge µs each | tidewire messages/s | × centrifuge (each run) |',
);
console.log('|---|---|---|---|---|');
for (const batch of BATCHES) {
  const ours: number[] = [];
  const theirs: number[] = [];
  // The first of each warms up.
  for (let number = 0; number <= Number(values.runs); number++) {
    const [one, other] = [await measure('tidewire', batch), await measure('centrifuge', batch)];
    if (number) (ours.push(one), theirs.push(other));
  }
  const ratios = ours.map((time, run) => theirs[run]! / time);
  const each = ratios.map(ratio => ratio.toFixed(2)).join(', ');
  console.log(
    `| ${batch} | ${median(ours).toFixed(2)} | ${median(theirs).toFixed(2)} | ${Math.round(1e6 / median(ours))} | ${median(ratios).toFixed(2)} (${each}) |`,
  );
}
await chromium.close();
process.exit();

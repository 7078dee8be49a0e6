// Publishes ticks through a server's HTTP API, as a backend would.
//
// node feed/feed.ts [http://localhost:7800] [updates a second]
import { Market } from './market.ts';

const [server = 'http://localhost:7800', rate = '1000'] = process.argv.slice(2);
const perSecond = Number(rate);
/** What happens within so many milliseconds is published together. */
const TOGETHER_MS = 10;
/** More than that is not made up for after a pause. */
const MOST_AT_ONCE = 500;

const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds));
const clock = () => performance.timeOrigin + performance.now();

async function publish(data: unknown): Promise<void> {
  const answer = await fetch(new URL('/v1/publish', server), {
    method: 'POST',
    body: JSON.stringify({ channel: 'market:all', data }),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  await answer.arrayBuffer();
}

const market = new Market(Date.now());
const began = clock();
let published = 0;
let isWell = true;
for (;;) {
  await pause(TOGETHER_MS);
  const due = Math.floor(((clock() - began) / 1000) * perSecond);
  const ticks = market.ticks(Math.min(due - published, MOST_AT_ONCE));
  published = due;
  if (!ticks.length) continue;
  try {
    await publish({ at: clock(), ticks });
    if (!isWell) console.log('feed: publishing again');
    isWell = true;
  } catch (error) {
    if (isWell)
      console.error(`feed: ${server} takes nothing: ${(error as Error).cause ?? error}; trying again`);
    isWell = false;
    await pause(500);
  }
}

// The smallest application: it subscribes, keeps what it hears, and publishes when told to.
import { createClient, defineChannel } from '/client/index.js';

/** Its sockets, as a page has no other way to know them. */
const sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...from) {
    super(...from);
    sockets.push(this);
  }
};
window.openSockets = () => sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;

const parameters = new URLSearchParams(location.search);
const client = createClient({
  url: parameters.get('url'),
  outbox: parameters.has('outbox'),
  share: parameters.get('share') !== 'no',
});
const channel = client.channel(defineChannel('trial:{name}'), { name: parameters.get('channel') });

/** What the page has heard; the tests read it. */
const heard = (window.heard = {
  numbers: [],
  gaps: [],
  lives: [],
  errors: [],
  froze: 0,
  acknowledged: 0,
  liveMs: 0,
  delivered: [],
});

// A connection is live a moment before its subscription is.
let isSubscribed = false;
client.on('status', ({ status }) => (isSubscribed &&= status === 'live'));
const begun = performance.now();
client.on('status', ({ status }) => status === 'live' && (heard.liveMs ||= performance.now() - begun));
window.isLive = () => isSubscribed;

window.subscribe = () =>
  channel.subscribe({
    message: data => heard.numbers.push(data.number),
    gap: gap => heard.gaps.push(gap),
    subscribed: info => {
      heard.lives.push({ ...info, at: Date.now() });
      isSubscribed = true;
    },
    error: error => heard.errors.push(`${error}`),
  });

/** Keeps up with who is in the channel, by their connections. */
window.watchPresence = () =>
  channel.watchPresence(({ members }) => (heard.present = members && [...members.keys()]));

/** Publishes so many numbers, eight of them under way at a time, and counts what is acknowledged. */
window.publish = async count => {
  let next = 0;
  const inTurn = async () => {
    while (next < count) {
      const number = next++;
      await channel.publish({ number });
      heard.acknowledged += 1;
      // Slow enough for the test to kill a node in the middle.
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  await Promise.all(Array.from({ length: 8 }, inTurn));
};

client.on('delivered', ({ data }) => heard.delivered.push(data.number));

/** Publishes these numbers, all at once. */
window.publishAll = numbers => {
  for (const number of numbers) channel.publish({ number }).then(() => (heard.acknowledged += 1), String);
};

/** The numbers that are stored for a later page. */
window.stored = async () => {
  const databases = await indexedDB.databases();
  if (!databases.some(({ name }) => name === 'tidewire-outbox')) return [];
  const asked = request => new Promise(resolve => (request.onsuccess = () => resolve(request.result)));
  const database = await asked(indexedDB.open('tidewire-outbox'));
  const all = await asked(database.transaction('publications').objectStore('publications').getAll());
  database.close();
  return all.filter(one => one.channel === channel.name).map(one => JSON.parse(one.payload).number);
};

document.addEventListener('freeze', () => (heard.froze += 1));
client.on('error', error => heard.errors.push(`${error}`));
window.client = client;
document.documentElement.dataset.ready = 'yes';

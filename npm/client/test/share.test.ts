import { beforeEach, expect, test, vi } from 'vitest';
import { Browser, Served, settled, type Heard, type Tab } from './support/browser.ts';
import { Socket } from './support/socket.ts';

let browser: Browser;
beforeEach(() => (browser = new Browser()));

/** So many tabs, each with a link that is open and has said its name; the first leads. */
async function sharing(count: number): Promise<{ tabs: Tab[]; links: Heard[]; served: Served }> {
  const tabs: Tab[] = [];
  const links: Heard[] = [];
  let served: Served | undefined;
  for (let number = 1; number <= count; number += 1) {
    const tab = browser.tab();
    const link = tab.opens();
    served ??= await Served.next();
    await settled();
    link.says(`hello ${number}`);
    await settled();
    tabs.push(tab);
    links.push(link);
  }
  expect(served!.heard()).toEqual(links.map((_, index) => `${index + 1}:hello ${index + 1}`));
  for (const link of links) expect(link.events.splice(0)).toEqual(['open']);
  return { tabs, links, served: served! };
}

test('tabs share one socket, and each hears what is for it', async () => {
  const { links, served } = await sharing(3);
  expect(served.socket.protocols).toEqual(['tidewire.v1.shared', 'tidewire.v1.postcard']);
  served.says('to one', 2);
  served.says('to two', 1, 3);
  served.says('to all', 3, 2, 1);
  await settled();
  expect(links.map(({ events }) => events)).toEqual([
    ['to two', 'to all'],
    ['to one', 'to all'],
    ['to two', 'to all'],
  ]);
  expect(Socket.last).toBeUndefined();
});

test('what is for several tabs is posted once', async () => {
  const { tabs, served } = await sharing(10);
  const before = tabs[0]!.posted;
  served.says('to all', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  served.says('to the leader', 1);
  expect(tabs[0]!.posted - before).toBe(1);
});

test('streams are numbered in the order in which they first say something', async () => {
  const { tabs, served } = await sharing(1);
  const late = browser.tab().opens();
  const early = browser.tab().opens();
  await settled();
  early.says('first');
  await settled();
  late.says('second');
  await settled();
  expect(served.heard()).toEqual(['2:first', '3:second']);
  served.says('to the late one', 3);
  await settled();
  expect(late.events).toEqual(['open', 'to the late one']);
  expect(tabs).toHaveLength(1);
});

test('two clients of one page share a socket too', async () => {
  const { tabs, links, served } = await sharing(1);
  const other = tabs[0]!.opens();
  await settled();
  other.says('hello');
  expect(served.heard()).toEqual(['2:hello']);
  served.says('to both', 1, 2);
  expect([links[0]!.events, other.events]).toEqual([['to both'], ['open', 'to both']]);
});

test('a link that is closed closes its stream, and the last one the socket', async () => {
  const { links, served } = await sharing(2);
  links[1]!.link.close();
  await settled();
  expect(served.heard()).toEqual(['2:closed']);
  expect(served.socket.closed).toEqual([]);
  links[0]!.link.close(4001);
  expect(served.heard()).toEqual(['1:closed']);
  expect(served.socket.closed).toHaveLength(1);
});

test('a stream that the server closes ends one link and no other', async () => {
  const { links, served } = await sharing(2);
  served.closes(2, 4504, 'the token is wrong');
  await settled();
  expect(links.map(({ events }) => events)).toEqual([[], ['closed 4504 the token is wrong']]);
  expect(served.socket.closed).toEqual([]);
});

test('a socket that is lost ends all links, and the next ask opens another', async () => {
  const { tabs, links, served } = await sharing(2);
  served.socket.onclose?.({ code: 1006, reason: '' });
  await settled();
  for (const { events } of links) expect(events).toEqual(['closed 1006']);
  const again = tabs[1]!.opens();
  await Served.next();
  await settled();
  expect(again.events).toEqual(['open']);
});

test('a tab that crashes leaves no stream behind', async () => {
  const { tabs, served } = await sharing(3);
  tabs[2]!.crashes();
  await settled();
  expect(served.heard()).toEqual(['3:closed']);
});

test('when the leader crashes the next takes over, and the others hear it at once', async () => {
  const { tabs, links } = await sharing(4);
  tabs[0]!.crashes();
  await settled();
  for (const { events } of links.slice(1)) expect(events).toEqual(['moved']);
  const again = tabs.slice(1).map(tab => tab.opens());
  const served = await Served.next();
  await settled();
  for (const link of again) link.says('again');
  await settled();
  expect(served.heard()).toEqual(['1:again', '2:again', '3:again']);
  expect(Socket.last).toBeUndefined();
});

test('a link that nobody has answered yet goes to the next leader', async () => {
  const { tabs } = await sharing(2);
  tabs[0]!.hangs();
  const link = browser.tab().opens();
  await settled();
  tabs[0]!.crashes();
  await Served.next();
  await settled();
  expect(link.events).toEqual(['open']);
});

test('a leader that hangs is relieved of the lead within two seconds, and closes its socket when it goes on', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { tabs, links, served } = await sharing(3);
  browser.page.hidden = true;
  tabs[0]!.hangs();
  const third = browser.tab().opens();
  await settled();
  vi.advanceTimersByTime(500);
  vi.advanceTimersByTime(500);
  await settled();
  vi.useRealTimers();
  const next = await Served.next();
  await settled();
  expect(third.events).toEqual(['open']);
  expect(links.slice(1).map(({ events }) => events)).toEqual([['moved'], ['moved']]);

  tabs[0]!.goesOn();
  await settled();
  expect(served.socket.closed).toHaveLength(1);
  expect(next.socket.closed).toEqual([]);
  expect(links[0]!.events).toEqual(['moved']);
  const back = tabs[0]!.opens();
  await settled();
  expect(back.events).toEqual(['open']);
  expect(Socket.last).toBeUndefined();
});

test('a tab that somebody sees notices a leader that hangs, and of several that do at one moment one leads', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { tabs, links } = await sharing(3);
  tabs[0]!.hangs();
  await settled();
  vi.advanceTimersByTime(500);
  await settled();
  vi.advanceTimersByTime(500);
  await settled();
  vi.useRealTimers();
  expect(links.slice(1).map(({ events }) => events)).toEqual([['moved'], ['moved']]);
  const again = tabs.slice(1).map(tab => tab.opens());
  await settled();
  await Served.next();
  await settled();
  for (const link of again) link.says('again');
  await settled();
  expect(again.map(({ events }) => events)).toEqual([['open'], ['open']]);
  tabs[0]!.goesOn();
  const back = tabs[0]!.opens();
  await settled();
  expect(back.events).toEqual(['open']);
  expect(Socket.last).toBeUndefined();
});

test('a leader that answers is left alone, however long nobody says anything', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const { links } = await sharing(3);
  for (let half = 0; half < 20; half += 1) {
    vi.advanceTimersByTime(500);
    await settled();
  }
  vi.useRealTimers();
  for (const { events } of links) expect(events).toEqual([]);
});

test('a session that moves while its node goes away gets another socket, and takes the others along', async () => {
  const { tabs, links, served } = await sharing(2);
  const moved = tabs[1]!.opens(links[1]);
  const next = await Served.next();
  await settled();
  moved.says('hello again');
  await settled();
  expect([served.heard(), next.heard()]).toEqual([[], ['3:hello again']]);

  const other = tabs[0]!.opens(links[0]);
  const late = browser.tab().opens();
  await settled();
  expect([other.events, late.events]).toEqual([['open'], ['open']]);
  expect(Socket.last).toBeUndefined();

  for (const { link } of links) link.close();
  await settled();
  expect(served.socket.closed).toHaveLength(1);
  expect(next.socket.closed).toEqual([]);
});

test.each([
  [4000, 'this node is going away'],
  [4006, 'a socket may carry 64 connections'],
])('a socket that refuses a stream with %i takes no more', async (code, reason) => {
  const { tabs, served } = await sharing(1);
  const refused = tabs[0]!.opens();
  await settled();
  refused.says('hello');
  served.closes(2, code, reason);
  const again = tabs[0]!.opens();
  await Served.next();
  await settled();
  expect(again.events).toEqual(['open']);
  expect(served.socket.closed).toEqual([]);
});

test('a server that knows of no shared sockets leaves each tab its own', async () => {
  const [one, other] = [browser.tab(), browser.tab()];
  const first = one.opens();
  const second = other.opens();
  const { socket } = await Served.next('tidewire.v1.postcard');
  await settled();
  expect(first.events).toEqual(['open']);
  first.says('plain');
  expect(socket.sent.map(String)).toEqual(['plain']);
  const own = await Served.next('tidewire.v1.postcard');
  expect(own.socket.protocols).toEqual(['tidewire.v1.postcard']);
  expect(second.events).toEqual(['open']);
});

test('what cannot be read ends the links and not the promise', async () => {
  const { links, served } = await sharing(2);
  served.socket.receives(Uint8Array.of(1, 9, 0).buffer);
  await settled();
  for (const { events } of links) expect(events).toEqual(['closed 1006']);
  expect(served.socket.closed).toHaveLength(1);
});

test('kinds of messages that are not known are skipped', async () => {
  const { links, served } = await sharing(2);
  served.socket.receives(Uint8Array.of(7, 1, 1, 0, 0, 0, 9).buffer);
  served.says('known', 1, 2);
  await settled();
  for (const { events } of links) expect(events).toEqual(['known']);
});

test('a page without a right to locks has a socket of its own', async () => {
  browser.locks.isBlocked = true;
  const link = browser.tab().opens();
  const { socket } = await Served.next('tidewire.v1.postcard');
  expect([link.events, socket.protocols]).toEqual([['open'], ['tidewire.v1.postcard']]);
});

test('locks that never answer cost two seconds and not the connection', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  vi.spyOn(browser.locks, 'request').mockReturnValue(new Promise(() => undefined));
  const link = browser.tab().opens();
  for (let half = 0; half < 4; half += 1) vi.advanceTimersByTime(500);
  vi.useRealTimers();
  await Served.next('tidewire.v1.postcard');
  expect(link.events).toEqual(['open']);
});

test('a page that goes to sleep gives up the lead and its links', async () => {
  const { tabs, links, served } = await sharing(1);
  expect(tabs).toHaveLength(1);
  browser.page.dispatchEvent(new Event('freeze'));
  await settled();
  expect(served.socket.closed).toHaveLength(1);
  expect(links[0]!.events).toEqual([expect.stringContaining('closed 1006')]);
  const other = browser.tab().opens();
  await Served.next();
  await settled();
  expect(other.events).toEqual(['open']);
});

/** The page goes into the back/forward cache. */
function leaves(): void {
  browser.page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
}

test('a leader that goes into the back/forward cache loses each of its links once, and opens nothing', async () => {
  const { links, served } = await sharing(1);
  leaves();
  leaves();
  await settled();
  expect(served.socket.closed).toHaveLength(1);
  expect(links[0]!.events).toEqual(['closed 1006']);
  expect(Socket.last).toBeUndefined();
});

test('a leader that goes into the back/forward cache while its socket opens gives that up', async () => {
  const link = browser.tab().opens();
  const socket = await Socket.next();
  leaves();
  await settled();
  expect([socket.closed.length, socket.isDeaf]).toEqual([1, true]);
  expect([link.events, Socket.last]).toEqual([['closed 1006'], undefined]);
});

test('a tab with a socket of its own, though others share theirs, loses it once too', async () => {
  const link = browser.tab().opens();
  const { socket } = await Served.next('tidewire.v1.postcard');
  await settled();
  leaves();
  leaves();
  await settled();
  expect(socket.closed).toHaveLength(1);
  expect(link.events).toEqual(['open', 'closed 1006 the page went into the back/forward cache']);
  expect(Socket.last).toBeUndefined();
});

test('a tab that hears nothing loses its links before four megabytes wait, and nobody else theirs', async () => {
  const { tabs, links, served } = await sharing(3);
  tabs[2]!.hangs();
  const much = 'x'.repeat(60_000);
  for (let sent = 0; sent < 80; sent += 1) {
    served.says(much, 1, 2, 3);
    await settled();
  }
  expect(served.heard()).toEqual(['3:closed']);
  expect(links[1]!.events).toHaveLength(80);
  const before = tabs[0]!.posted;
  served.says('on', 1, 2);
  expect(tabs[0]!.posted - before).toBe(1);

  tabs[2]!.goesOn();
  await settled();
  expect(links[2]!.events.at(-1)).toBe('closed 1006');
  const again = tabs[2]!.opens();
  await settled();
  expect(again.events).toEqual(['open']);
});

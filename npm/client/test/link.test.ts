import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import type { Client } from '../src/slim.ts';
import { hex, Socket, stage } from './support/socket.ts';

/** A server's WebSocket frame. */
function frame(kind: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = payload;
  const header = length < 126 ? [length] : [126, length >> 8, length & 255];
  return Uint8Array.of(kind, ...header, ...payload);
}

const name = frame(0x81, new TextEncoder().encode('a'.repeat(48)));
const welcome = frame(0x82, hex('server/welcome'));

/** A request that was made, and the answer that it still waits for. */
interface Asked {
  query: URLSearchParams;
  body: Buffer;
  says: (...pieces: Uint8Array<ArrayBuffer>[]) => void;
  goesOn: (...pieces: Uint8Array<ArrayBuffer>[]) => void;
  fails: (status: number) => void;
  aborted: boolean;
}

let asked: Asked[];

/** Stands in for `fetch`; the test plays the server. */
beforeEach(() => {
  // A client of the test before may still say goodbye: to its own server.
  const here: Asked[] = [];
  asked = here;
  vi.stubGlobal('fetch', async (url: URL, options: RequestInit) => {
    const body = Buffer.from(await new Response(options.body ?? null).arrayBuffer());
    return new Promise<Response>((resolve, reject) => {
      let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
      const request: Asked = {
        query: url.searchParams,
        body,
        says: (...pieces) => resolve(new Response(new Blob(pieces))),
        goesOn: (...pieces) => {
          if (!controller)
            resolve(new Response(new ReadableStream({ start: begun => void (controller = begun) })));
          for (const piece of pieces) controller!.enqueue(piece);
        },
        fails: status => resolve(new Response('no', { status })),
        aborted: false,
      };
      options.signal?.addEventListener('abort', () => {
        request.aborted = true;
        reject(options.signal!.reason);
        controller?.error(options.signal!.reason);
      });
      here.push(request);
    });
  });
});

/** The next request whose query has this. */
async function request(name: string, value?: string): Promise<Asked> {
  const fits = ({ query }: Asked) => (value === undefined ? query.has(name) : query.get(name) === value);
  await vi.waitFor(() => expect(asked.some(fits)).toBe(true), 5_000);
  return asked.splice(asked.findIndex(fits), 1)[0]!;
}

/** A client at an address that no other test has, to which no WebSocket opens. */
let addresses = 0;
function refused() {
  const client = stage({ url: `ws://test-${(addresses += 1)}` });
  client.connect();
  return client;
}

/** Why the client waits, once it does: that may be over in a moment. */
function waiting(client: Client): Promise<string | undefined> {
  return new Promise(resolve => {
    const stop = client.on('status', ({ status, reason }) => {
      if (status !== 'waiting') return;
      stop();
      resolve(reason);
    });
  });
}

/** The page, which Node has none of, and how many listen for its end. */
function aPage() {
  const page = new EventTarget();
  const listening = new Set<unknown>();
  vi.stubGlobal('addEventListener', (name: string, listener: EventListener, options?: object) => {
    if (name === 'pagehide') listening.add(listener);
    page.addEventListener(name, listener, options);
  });
  vi.stubGlobal('removeEventListener', (name: string, listener: EventListener) => {
    listening.delete(listener);
    page.removeEventListener(name, listener);
  });
  const tells = (name: string, persisted: boolean) =>
    page.dispatchEvent(Object.assign(new Event(name), { persisted }));
  return {
    listening,
    goes: (persisted = true) => tells('pagehide', persisted),
    returns: () => tells('pageshow', true),
  };
}

async function loseSocket(): Promise<void> {
  (await Socket.next()).onclose?.({ code: 1006, reason: '' });
}

test('a socket that is refused is followed by a stream, which says and hears the same', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  expect(stream.query.get('protocol')).toBe('tidewire.v1.postcard');
  stream.goesOn(name);
  const first = await request('number', '1');
  expect(first.query.get('link')).toBe('a'.repeat(48));
  // Final, binary, masked with zeros: then hello.
  expect([...first.body.subarray(0, 6)]).toEqual([0x82, 0x80 | (first.body.length - 6), 0, 0, 0, 0]);
  first.says();
  // Cut in the middle of a frame.
  stream.goesOn(welcome.slice(0, 3), welcome.slice(3));
  await vi.waitFor(() => expect(client.status).toBe('live'));
});

test('a socket that has an error is followed by a stream, though no close is told', async () => {
  const client = refused();
  (await Socket.next()).onerror?.({});
  (await request('way', 'stream')).goesOn(name, welcome);
  await vi.waitFor(() => expect(client.status).toBe('live'));
});

test('what is sent while a request is under way goes with the next, in order', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  stream.goesOn(name, welcome);
  const first = await request('number', '1');
  await vi.waitFor(() => expect(client.status).toBe('live'));
  stream.goesOn(frame(0x82, hex('server/ping')), frame(0x82, hex('server/ping')));
  await new Promise(resolve => setTimeout(resolve, 0));
  expect(asked).toEqual([]);
  first.says();
  const second = await request('number', '2');
  const pong = Buffer.concat([
    Buffer.of(0x82, 0x80 | hex('client/pong').length, 0, 0, 0, 0),
    hex('client/pong'),
  ]);
  expect(second.body).toEqual(Buffer.concat([pong, pong]));
});

test('a stream that brings nothing is joined by polls, which each say what has arrived', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  const poll = await request('way', 'poll');
  poll.says(name);
  expect((await request('number', '1')).body.length).toBeGreaterThan(6);
  expect(stream.aborted).toBe(true);
  const next = await request('arrived', `${name.length}`);
  next.says(welcome);
  await vi.waitFor(() => expect(client.status).toBe('live'));
  (await request('arrived', `${name.length + welcome.length}`)).says();
  await request('arrived', `${name.length + welcome.length}`);
});

test('a socket that does not open is joined by a stream, and closed when that one opens', async () => {
  refused();
  const socket = await Socket.next();
  (await request('way', 'stream')).goesOn(name);
  await request('number', '1');
  expect([socket.isDeaf, socket.closed.length]).toEqual([true, 1]);
});

test('a socket that opens late is taken if it is the first', async () => {
  refused();
  const socket = await Socket.next();
  const stream = await request('way', 'stream');
  socket.opens();
  expect(socket.sent).toHaveLength(1);
  await vi.waitFor(() => expect(stream.aborted).toBe(true));
});

test('the way that worked is taken again, and doubted when it fails three times in a row', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  stream.goesOn(name, welcome);
  await vi.waitFor(() => expect(client.status).toBe('live'));
  stream.goesOn(frame(0x88, Uint8Array.of(4000 >> 8, 4000 & 255)));
  for (let failed = 0; failed < 3; failed += 1) {
    const again = await request('way', 'stream');
    expect(Socket.last).toBeUndefined();
    const waits = waiting(client);
    again.fails(503);
    expect(await waits).toContain('503');
    client.connect();
  }
  await Socket.next();
});

test('a page whose WebSockets have opened looks for nothing else when its server is away', async () => {
  const client = refused();
  const socket = await Socket.next();
  socket.opens();
  socket.onclose?.({ code: 1006, reason: '' });
  const waits = waiting(client);
  await loseSocket();
  await waits;
  expect(asked).toEqual([]);
});

test('how the server ends a stream decides whether the client comes back', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  stream.goesOn(name, welcome);
  const reason = new TextEncoder().encode('the token is wrong');
  stream.goesOn(frame(0x88, Uint8Array.of(4504 >> 8, 4504 & 255, ...reason)));
  await vi.waitFor(() => expect(client.status).toBe('closed'));
  expect(client.statusDetail.reason).toContain('the token is wrong');
  expect(stream.aborted).toBe(true);
});

test('a client that is closed ends its requests and says so to the server', async () => {
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  stream.goesOn(name, welcome);
  (await request('number', '1')).says();
  await vi.waitFor(() => expect(client.status).toBe('live'));
  client.close();
  const last = await request('number', '2');
  expect([...last.body]).toEqual([0x88, 0x82, 0, 0, 0, 0, 1000 >> 8, 1000 & 255]);
  expect(stream.aborted).toBe(true);
});

test('where no way leads to the server the client waits, with the last reason', async () => {
  const client = refused();
  onTestFinished(() => client.close());
  await loseSocket();
  (await request('way', 'stream')).fails(502);
  const waits = waiting(client);
  (await request('way', 'poll')).fails(403);
  expect(await waits).toContain('HTTP 403 no');
});

test('a page that goes into the back/forward cache closes its socket, and comes back with another', async () => {
  const page = aPage();
  const client = refused();
  const socket = await Socket.next();
  socket.opens();
  socket.hears('server/welcome');
  await vi.waitFor(() => expect(client.status).toBe('live'));
  const waits = waiting(client);
  page.goes();
  expect([socket.closed.length, socket.isDeaf, Socket.last]).toEqual([1, true, undefined]);
  expect(await waits).toContain('the page went into the back/forward cache');

  page.returns();
  const next = await Socket.next();
  next.opens();
  next.hears('server/welcome');
  await vi.waitFor(() => expect(client.status).toBe('live'));
});

test('a page that goes into the back/forward cache ends its stream', async () => {
  const page = aPage();
  const client = refused();
  await loseSocket();
  const stream = await request('way', 'stream');
  stream.goesOn(name, welcome);
  await vi.waitFor(() => expect(client.status).toBe('live'));
  page.goes();
  expect(stream.aborted).toBe(true);
});

test('what has not opened when the page goes into the back/forward cache is given up, and nothing else tried', async () => {
  const page = aPage();
  const client = refused();
  const socket = await Socket.next();
  const waits = waiting(client);
  page.goes();
  await waits;
  expect([socket.closed.length, socket.isDeaf, asked]).toEqual([1, true, []]);
});

test('a page that goes for good leaves its socket to the browser', async () => {
  const page = aPage();
  refused();
  const socket = await Socket.next();
  socket.opens();
  page.goes(false);
  expect(socket.closed).toEqual([]);
});

test('a link that is over listens to the page no more, whoever ended it', async () => {
  const page = aPage();
  const client = refused();
  const socket = await Socket.next();
  socket.opens();
  expect(page.listening.size).toBe(1);
  socket.onclose?.({ code: 1006, reason: '' });
  expect(page.listening.size).toBe(0);

  client.connect();
  (await Socket.next()).opens();
  expect(page.listening.size).toBe(1);
  client.close();
  expect(page.listening.size).toBe(0);
});

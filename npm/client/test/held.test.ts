import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Session } from '../src/session.ts';
import { defineChannel, type Client, type SubscribeOptions, type TidewireError } from '../src/slim.ts';
import { reported } from './support/client.ts';
import { frame, frames, noneHasCome } from './support/frames.ts';
import { hex, opened, Socket } from './support/socket.ts';

/** What messages a driver keeps for the frame, and when it does not. */
const lobby = defineChannel<number>('chat:lobby');

const page = Object.assign(new EventTarget(), { hidden: false });

beforeEach(() => {
  page.hidden = false;
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
});

afterEach(() => {
  frame();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A subscription that is live, what it hears, and how often WebAssembly is called from then on. */
async function live(
  options: SubscribeOptions = { coalesce: 'frame' },
  hear?: (number: number, client: Client) => void,
) {
  const heard: unknown[] = [];
  let client!: Client;
  const socket = await opened(opening => {
    client = opening;
    client.channel(lobby).subscribe(
      {
        message: number => {
          heard.push(number);
          hear?.(number, client);
        },
        subscribed: () => heard.push('subscribed'),
        error: ({ code }) => heard.push(code),
        closed: () => heard.push('closed'),
      },
      options,
    );
  });
  socket.hears('server/welcome');
  await vi.waitFor(() => expect(client.status).toBe('live'));
  socket.hears('server/subscribed-anew');
  frame();
  await vi.waitFor(() => expect(heard).toEqual(['subscribed']));
  heard.length = socket.sent.length = 0;
  const handle = vi.spyOn(Session.prototype, 'handle');
  return { client, socket, heard, handle };
}

/** The server sends a publication as a message of its own. */
function sends(socket: Socket, number: number, payload = `${number}`): void {
  const json = Buffer.from(payload);
  const fields = [2, 12, 9 + number, 1, 2, 3, 4, number, 0, 0, 0, 0, ...varint(json.length), ...json];
  socket.receives(Uint8Array.from([...varint(fields.length), ...fields]).buffer);
}

function varint(number: number): number[] {
  return number < 128 ? [number] : [(number & 127) | 128, ...varint(number >> 7)];
}

/** When all that was told is heard. */
function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve));
}

test('what comes between two frames is taken in by one call, and handed over in the frame, in order', async () => {
  const { socket, heard, handle } = await live();
  for (let number = 1; number <= 100; number++) sends(socket, number);
  await settled();
  expect([heard.length, handle.mock.calls.length, frames.size]).toEqual([0, 0, 1]);

  frame();
  expect(heard).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect([handle.mock.calls.length, frames.size]).toEqual([1, 0]);

  sends(socket, 101);
  frame();
  expect(heard.at(-1)).toBe(101);
});

test('with hello the server is asked to gather what waits for the frame, and told when nothing does', async () => {
  let client!: Client;
  const socket = await opened(opening => {
    client = opening;
    client.channel(lobby).subscribe(() => undefined, { coalesce: 'frame' });
  });
  expect(socket.sent).toHaveLength(1);
  expect(socket.sent[0]!.includes(hex('client/coalesce'))).toBe(true);
  socket.hears('server/welcome');
  await vi.waitFor(() => expect(client.status).toBe('live'));
  client.channel(lobby).subscribe(() => undefined);
  expect(socket.sent.some(message => message.equals(hex('client/coalesce-not')))).toBe(true);
});

test('who takes messages as they come has them as they come, and with him all others', async () => {
  const { client, socket, handle } = await live();
  client.channel(lobby).subscribe(() => undefined);
  await vi.waitFor(() => expect(handle).toHaveBeenCalled());
  handle.mockClear();
  sends(socket, 1);
  expect(handle).toHaveBeenCalledTimes(1);
});

test('an answer that is waited for waits for no frame', async () => {
  const { client, socket } = await live();
  const published = client.channel(lobby).publish(1);
  await vi.waitFor(() => expect(socket.sent).toHaveLength(1));
  // The golden answer is to request 3.
  const answer = hex('server/published');
  answer[2] = 2;
  socket.receives(Uint8Array.from(answer).buffer);
  expect(await published).toEqual({ position: '10-6d395d0a' });
  expect(frames.size).toBe(0);
});

test("a command goes out after what came before it, and handlers run in nobody's call", async () => {
  const { client, socket, heard, handle } = await live();
  sends(socket, 1);
  client
    .channel(lobby)
    .publish(2)
    .catch(() => undefined);
  expect(handle.mock.calls.map(([, kind]) => kind)).toEqual([13, 5]);
  expect(heard).toEqual([]);
  await settled();
  frame();
  expect(heard).toEqual([1]);
});

test('a page that nobody sees keeps nothing, from the moment when it is hidden', async () => {
  const { socket, handle } = await live();
  sends(socket, 1);
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  expect(handle.mock.calls.map(([, kind]) => kind)).toEqual([13, 16]);
  sends(socket, 2);
  expect(handle).toHaveBeenCalledTimes(3);
});

test('nothing is kept while there are two sockets, from one node to the next', async () => {
  const { socket, heard, handle } = await live();
  sends(socket, 1);
  const goingAway = hex('server/going_away');
  // At once, where the golden one leaves ten seconds.
  socket.receives(Uint8Array.of(goingAway[0]! - 1, ...goingAway.subarray(1, -2), 0).buffer);
  frame();
  const next = await Socket.next();
  handle.mockClear();
  sends(socket, 2);
  next.opens();
  expect(handle.mock.calls.map(([, kind, id]) => [kind, id])).toEqual([
    [13, 1],
    [12, 2],
  ]);
  await settled();
  frame();
  expect(heard).toEqual([1, 2]);
});

test('where frames stay away for long a timer takes their place', async () => {
  const { socket, heard } = await live();
  noneHasCome();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  sends(socket, 1);
  vi.advanceTimersByTime(249);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(heard).toEqual([1]);
});

test('no more than 64 KB are kept', async () => {
  const { socket, handle } = await live();
  sends(socket, 1, `"${'x'.repeat(40_000)}"`);
  expect(handle).not.toHaveBeenCalled();
  sends(socket, 2, `"${'x'.repeat(40_000)}"`);
  expect(handle).toHaveBeenCalledTimes(1);
  expect(handle.mock.calls[0]?.[7].length).toBeGreaterThan(80_000);
});

test('what came before the socket was closed is handed over', async () => {
  const { socket, heard, handle } = await live();
  sends(socket, 1);
  socket.onclose?.({ code: 1006, reason: '' });
  expect(handle.mock.calls.map(([, kind, id]) => [kind, id])).toEqual([
    [13, 1],
    [14, 1],
  ]);
  await settled();
  expect(heard).toEqual([1]);
});

test('what came before the client was closed is handed over, and nothing after', async () => {
  const { client, socket, heard } = await live();
  sends(socket, 1);
  client.close();
  await settled();
  expect(heard).toEqual([1, 'closed']);
  frame();
  expect([heard, frames.size]).toEqual([[1, 'closed'], 0]);
});

test('a message that cannot be read ends the connection, and what stands beside it is not heard twice', async () => {
  const { client, socket, heard } = await live();
  client.on('error', () => undefined);
  sends(socket, 1);
  socket.receives('text');
  await settled();
  expect([heard, socket.closed]).toEqual([[1], [4500]]);
});

test('a handler that throws is reported, and what follows comes', async () => {
  const report = reported();
  const { socket, heard } = await live({ coalesce: 'frame' }, number => {
    if (number === 1) throw new Error('not this one');
  });
  sends(socket, 1);
  sends(socket, 2);
  frame();
  expect(heard).toEqual([1, 2]);
  expect(report).toHaveBeenCalledTimes(1);
});

test('a handler may publish and close in the frame', async () => {
  const { socket, heard } = await live({ coalesce: 'frame' }, (number, client) => {
    client
      .channel(lobby)
      .publish(number)
      .catch(() => undefined);
    if (number === 2) client.close();
  });
  sends(socket, 1);
  sends(socket, 2);
  sends(socket, 3);
  frame();
  await settled();
  expect(heard).toEqual([1, 2, 3, 'closed']);
  expect(socket.closed).toEqual([1000]);
});

test('WebAssembly that fails on what was kept is not called again', async () => {
  const { client, socket, heard, handle } = await live();
  const errors: TidewireError[] = [];
  client.on('error', error => errors.push(error));
  sends(socket, 1);
  handle.mockImplementationOnce(() => {
    throw new WebAssembly.RuntimeError('unreachable');
  });
  await expect(client.channel(lobby).publish(2)).rejects.toMatchObject({ code: 'wasm_failed' });
  expect(handle).toHaveBeenCalledTimes(1);
  expect(heard).toEqual(['wasm_failed', 'closed']);
  expect(errors).toMatchObject([{ code: 'wasm_failed' }]);
  expect(socket.isDeaf).toBe(true);
});

import { beforeEach, expect, test, vi } from 'vitest';
import { Session } from '../src/session.ts';
import { defineChannel, type Client, type TidewireError } from '../src/slim.ts';
import { hex, opened, Socket, stage } from './support/socket.ts';

const lobby = defineChannel('chat:lobby');
const ping = hex('client/ping');

/** The page, which Node has none of. */
const page = Object.assign(new EventTarget(), { hidden: false });

beforeEach(() => {
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
});

/** A client that was welcomed, and its socket with what was sent until then forgotten. */
async function live(): Promise<{ client: Client; socket: Socket }> {
  let client: Client | undefined;
  const socket = await opened(opening => (client = opening));
  socket.hears('server/welcome');
  await vi.waitFor(() => expect(client!.status).toBe('live'));
  socket.sent.length = 0;
  return { client: client!, socket };
}

test('it speaks the binary codec and says hello with its subscriptions in one message', async () => {
  const socket = await opened(client => client.channel(lobby).subscribe(() => {}));

  expect([socket.url, socket.protocols, socket.binaryType]).toEqual([
    'ws://localhost/v1/connect',
    ['tidewire.v1.postcard'],
    'arraybuffer',
  ]);
  expect(socket.sent).toHaveLength(1);
  expect(socket.sent[0]?.subarray(-hex('client/subscribe-anew').length)).toEqual(
    hex('client/subscribe-anew'),
  );
});

test('two clients have different publishers', async () => {
  const [one, other] = [await opened(), await opened()];
  expect(one.sent[0]).toHaveLength(other.sent[0]!.length);
  expect(one.sent[0]).not.toEqual(other.sent[0]);
});

test.each([
  ['is shown again', new Event('visibilitychange')],
  ['was frozen', new Event('resume')],
  ['comes out of the back/forward cache', Object.assign(new Event('pageshow'), { persisted: true })],
  ['has a network again', new Event('online')],
])('a page that %s probes its connection', async (_, event) => {
  const { socket } = await live();
  page.dispatchEvent(event);
  expect(socket.sent).toEqual([ping]);
});

test('a page that is shown for the first time, or hidden, probes nothing', async () => {
  const { socket } = await live();
  page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
  page.hidden = true;
  page.dispatchEvent(new Event('visibilitychange'));
  page.hidden = false;
  expect(socket.sent).toEqual([]);
});

test('a clock that jumped means a sleep, and probes the connection', async () => {
  const { socket } = await live();
  const now = Date.now();
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now + 60_000);
  socket.hears('server/pong');
  clock.mockRestore();
  expect(socket.sent).toEqual([ping]);
});

test('a closed client closes its socket and hears nothing of the page', async () => {
  const { client, socket } = await live();
  client.close();
  page.dispatchEvent(new Event('online'));

  expect(socket.closed).toEqual([1000]);
  expect(socket.isDeaf).toBe(true);
  expect(socket.sent).toEqual([]);
  expect(Socket.last).toBeUndefined();
});

test.each([
  ['cannot be read', Uint8Array.of(255, 255, 255).buffer],
  ['is text', 'hello'],
])('a message that %s ends the connection and not the client', async (_, message) => {
  const { client, socket } = await live();
  const trouble = vi.fn();
  client.on('error', trouble);
  // Heard, not looked at: the next attempt may follow at once.
  const statuses = vi.fn();
  client.on('status', statuses);
  socket.receives(message);

  expect(socket.closed).toEqual([4500]);
  expect(socket.isDeaf).toBe(true);
  const reason = expect.stringContaining('the server sent something unreadable');
  await vi.waitFor(() =>
    expect(statuses).toHaveBeenCalledWith(expect.objectContaining({ status: 'waiting', reason })),
  );
  expect(trouble).toHaveBeenCalledWith(expect.objectContaining({ code: 'trouble' }));
});

test('a lost socket is followed by another', async () => {
  const { client, socket } = await live();
  const statuses = vi.fn();
  client.on('status', statuses);
  socket.onclose?.({ code: 1006, reason: 'gone' });
  expect(socket.isDeaf).toBe(true);
  const reason = 'the connection was closed (1006): gone';
  await vi.waitFor(() => expect(statuses).toHaveBeenCalledWith(expect.objectContaining({ reason })));

  const next = await Socket.next();
  next.opens();
  next.hears('server/welcome');
  await vi.waitFor(() => expect(client.status).toBe('live'));
});

test('a browser that refuses to open a socket is a lost connection', async () => {
  const client = stage({ url: 'ws://refused' });
  client.connect();
  await vi.waitFor(() => expect(client.statusDetail.reason).toContain('not from here'));
  expect(client.status).toBe('waiting');
});

test('a place to begin at that is none is refused', async () => {
  const { client, socket } = await live();
  const error = vi.fn();
  client.channel(lobby).subscribe({ error }, { since: 'no position' });
  await vi.waitFor(() =>
    expect(error).toHaveBeenCalledWith(expect.objectContaining({ code: 'bad_position' })),
  );
  await expect(client.channel(lobby).history({ since: '01-0a1b2c3d' })).rejects.toMatchObject({
    code: 'bad_position',
  });
  expect(socket.sent).toEqual([]);
});

test('a place to begin at goes to the server as it is', async () => {
  const { client, socket } = await live();
  const history = client.channel(lobby).history({ since: '9007199254740991-0a1b2c3d', limit: 5 });
  history.catch(() => undefined);
  await vi.waitFor(() => expect(socket.sent).toHaveLength(1));
  // 2^53 - 1 in groups of seven bits, and then the tag.
  expect(socket.sent[0]?.toString('hex')).toContain('ffffffffffffff0f0a1b2c3d05');
});

test('bytes are published as bytes, and JSON as its text', async () => {
  const { client, socket } = await live();
  for (const data of [Uint8Array.of(1, 2, 255), { text: 'ö' }])
    client
      .channel(lobby)
      .publish(data)
      .catch(() => undefined);
  await vi.waitFor(() => expect(socket.sent).toHaveLength(2));
  expect(socket.sent[0]?.toString('hex')).toContain('01030102ff');
  expect(socket.sent[1]?.toString('hex')).toContain(`000d${Buffer.from('{"text":"ö"}').toString('hex')}`);
});

test('what is larger than the memory of the module is answered, and so is what comes after', async () => {
  const { client, socket } = await live();
  const channel = client.channel(lobby);
  await expect(channel.publish('x'.repeat(3_000_000))).rejects.toMatchObject({ code: 'too_large' });
  channel.publish('hello').catch(() => undefined);
  await vi.waitFor(() => expect(socket.sent).toHaveLength(1));
  expect(socket.sent[0]?.toString()).toContain('"hello"');
});

test('WebAssembly that fails ends its client with a word for why', async () => {
  const { client, socket } = await live();
  const errors: TidewireError[] = [];
  client.on('error', error => errors.push(error));
  const failed = vi.fn<(error: TidewireError) => void>();
  client.channel(lobby).subscribe({ error: failed });
  vi.spyOn(Session.prototype, 'handle').mockImplementationOnce(() => {
    throw new WebAssembly.RuntimeError('unreachable');
  });
  const publishing = client.channel(lobby).publish('hello');

  await expect(publishing).rejects.toMatchObject({ code: 'wasm_failed', advice: 'stop' });
  expect(failed).toHaveBeenCalledExactlyOnceWith(errors[0]);
  expect(errors).toMatchObject([{ code: 'wasm_failed', message: expect.stringContaining('unreachable') }]);
  expect(client.status).toBe('closed');
  expect(socket.isDeaf).toBe(true);
  expect(socket.closed).toHaveLength(1);
  await expect(client.channel(lobby).publish('again')).rejects.toMatchObject({ code: 'closed' });
});

import { expect, onTestFinished, test, vi } from 'vitest';
import { defineChannel, type Client, type TidewireError } from '../src/exports.ts';
import { TestServer } from '../src/testing.ts';
import { schema } from './support/schema.ts';
import { settled } from './support/scripted-driver.ts';

const chat = defineChannel<string>('chat:{room}');
const lobby = { room: 'lobby' };

/** A server in memory and a client of it. */
async function stage(): Promise<{ server: TestServer; client: Client }> {
  vi.stubGlobal('WebSocket', class {});
  const server = new TestServer();
  const client = server.createClient();
  onTestFinished(() => {
    client.close();
    vi.unstubAllGlobals();
  });
  await settled();
  return { server, client };
}

/** Subscribes, and notes what is heard. */
function hear(client: Client, last = 0): unknown[] {
  const heard: unknown[] = [];
  client.channel(chat, lobby).subscribe(
    {
      message: (text, meta) => heard.push(meta.replayed ? `${text} again` : text),
      subscribed: ({ replayed, recovered }) => heard.push({ replayed, recovered }),
      gap: ({ reason }) => heard.push(reason),
      error: ({ code }) => heard.push(code),
    },
    { last },
  );
  return heard;
}

test('a client of the server in memory is live, hears others and itself', async () => {
  const { server, client } = await stage();
  const heard = hear(client);

  server.publish('chat:lobby', 'from another', { user: 'ada' });
  const { position } = await client.channel(chat, lobby).publish('mine');
  await settled();

  expect(client.status).toBe('live');
  expect(heard).toEqual([{ replayed: 0, recovered: true }, 'from another', 'mine']);
  expect(server.published).toEqual([{ channel: 'chat:lobby', data: 'mine' }]);
  expect((await client.channel(chat, lobby).history()).position).toBe(position);
});

test('who was away gets what was missed, and what it published meanwhile goes out', async () => {
  const { server, client } = await stage();
  server.publish('chat:lobby', '1');
  const heard = hear(client, 10);

  server.disconnect();
  server.publish('chat:lobby', '2');
  const publishing = client.channel(chat, lobby).publish('3');
  await settled();
  expect(client.status).toBe('waiting');
  server.reconnect();
  await publishing;
  await settled();

  expect(heard).toEqual([
    { replayed: 1, recovered: true },
    '1 again',
    { replayed: 1, recovered: true },
    '2 again',
    '3',
  ]);
});

test('who was away for longer than the log reaches gets a gap', async () => {
  const { server, client } = await stage();
  const heard = hear(client);

  server.disconnect();
  server.publish('chat:lobby', 'lost');
  server.trim('chat:lobby');
  server.reconnect();
  await settled();
  server.publish('chat:lobby', 'next');
  await settled();

  expect(heard).toEqual([
    { replayed: 0, recovered: true },
    'trimmed',
    { replayed: 0, recovered: false },
    'next',
  ]);
});

test('a refusal ends subscriptions, and refuses what is published', async () => {
  const { server, client } = await stage();
  const heard = hear(client);
  await settled();

  server.refuse('chat:lobby', 'forbidden', 'not yours');
  await settled();

  expect(heard).toEqual([{ replayed: 0, recovered: true }, 'forbidden']);
  await expect(client.channel(chat, lobby).publish('x')).rejects.toMatchObject({ message: 'not yours' });
  expect(server.subscriptions).toBe(0);
});

test('history has its pages, and says what is gone', async () => {
  const { server, client } = await stage();
  const channel = client.channel(chat, lobby);
  const [first = ''] = ['1', '2', '3'].map(text => server.publish('chat:lobby', text));

  const page = await channel.history({ since: first, limit: 1 });
  expect(page).toMatchObject({ publications: [{ data: '2' }], more: true, reset: null });

  server.trim('chat:lobby');
  expect(await channel.history({ since: first })).toMatchObject({ publications: [], reset: 'trimmed' });
});

test('its clients check schemas', async () => {
  const { server, client } = await stage();
  const numbers = defineChannel('numbers:all', {
    message: schema<number>(value =>
      typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] },
    ),
  });
  const errors: TidewireError[] = [];
  const message = vi.fn();
  client.channel(numbers).subscribe({ message, error: error => errors.push(error) });

  server.publish('numbers:all', 'seven');
  server.publish('numbers:all', 7);
  await settled();

  expect(message.mock.calls.map(([number]) => number)).toEqual([7]);
  expect(errors.map(({ code }) => code)).toEqual(['invalid_message']);
});

test('a client without a token waits', async () => {
  vi.stubGlobal('WebSocket', class {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = new TestServer().createClient({
    token: () => {
      throw new Error('not now');
    },
  });
  await settled();

  expect(client.statusDetail).toMatchObject({ status: 'waiting', reason: 'not now' });
});

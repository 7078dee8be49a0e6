import { expect, onTestFinished, test, vi } from 'vitest';
import type { ClientOptions } from '../src/client.ts';
import { defineChannel, TidewireError } from '../src/exports.ts';
import { reported, scripted } from './support/client.ts';
import { settled } from './support/scripted-driver.ts';

const chat = defineChannel<unknown>('chat:lobby');

/** A client that says what it does, once its driver is there; lines come without their times. */
async function debugged(options: Partial<ClientOptions> = {}) {
  const lines: string[] = [];
  reported();
  const { client, driver } = scripted({ debug: line => lines.push(line), ...options });
  await vi.waitFor(() => expect(driver.host).toBeDefined());
  await settled();
  const written = () => lines.splice(0).map(line => line.replace(/\+\d+/g, '+0'));
  return { client, driver, lines, written, room: client.channel(chat) };
}

test('a line begins with the milliseconds since the client began', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const began = Date.now();
  const { driver, lines } = await debugged();
  vi.setSystemTime(began + 12_345);
  await driver.tells(p => p.live('c-5f1d'));
  expect(lines.at(-1)).toBe('+12345 live, connection c-5f1d, node n-1, user ada');
});

test('it tells how the connection goes, and until when it waits', async () => {
  const { client, driver, written } = await debugged();
  driver.host!([{ kind: 'status', detail: { status: 'connecting' } }]);
  await driver.tells(
    p => p.fetchToken(),
    p => p.live(),
    p => p.waiting(1_200, 'the server fell silent'),
    p => p.trouble('trouble', 'odd'),
  );
  client.close();
  await settled();
  expect(written()).toEqual([
    '+0 connect, ws://localhost/v1/connect',
    '+0 connecting',
    '+0 fetch-token',
    '+0 live, connection c-1, node n-1, user ada',
    '+0 waiting, reason the server fell silent, until +0',
    '+0 trouble: odd, code trouble, advice stop',
    '+0 token',
    '+0 close',
    '+0 closed, reason closed by the application',
    '+0 free',
  ]);
});

test('a subscription has the name of its channel, from the first word to the last', async () => {
  const { driver, room, written } = await debugged();
  written();
  const subscription = room.subscribe({ gap: () => undefined }, { last: 50, since: '42-9f3a01bc' });
  await driver.tells(
    p => p.gap(1, 'trimmed'),
    p => p.gap(1, 'missing', 3),
    p => p.subscribed(1, 3),
    p => p.messages(1, { data: 'one', offset: 43 }, { data: 'two', offset: 44, user: 'ada' }),
    p => p.ephemeral(1, 'three'),
  );
  subscription.close();
  await driver.tells(p => p.messages(1, { data: 'late' }));
  expect(written()).toEqual([
    '+0 chat:lobby: subscribe #1, 50, 42-9f3a01bc',
    '+0 chat:lobby: gap #1, reason trimmed',
    '+0 chat:lobby: gap #1, reason missing, count 3',
    '+0 chat:lobby: subscribed #1, position 40-9f3a01bc, replayed 3, recovered true',
    '+0 chat:lobby: messages #1, messages 2 up to 44-9f3a01bc',
    '+0 chat:lobby: messages #1, messages 1',
    '+0 chat:lobby: unsubscribe #1',
  ]);
});

test('what is asked and answered once is told by its number', async () => {
  const { driver, room, written } = await debugged();
  written();
  const asked = [
    room.publish('hi'),
    room.publish(Uint8Array.of(1, 2, 3)),
    room.history({ limit: 20 }),
    room.presence({ after: 'c-15' }),
  ];
  const settledAll = Promise.allSettled(asked);
  await driver.tells(
    p => p.published(1, 45),
    p => p.failed(2, 'too_fast', 'slow down', 'retry'),
    p => p.history(3, { data: 1 }, { data: 2 }),
    p => p.presence(4, [['ada', '{"secret":1}', 'c-16']]),
  );
  await settledAll;
  expect(written()).toEqual([
    '+0 chat:lobby: publish #1, 4 long',
    '+0 chat:lobby: publish #2, 3 long',
    '+0 chat:lobby: history #3, 20',
    '+0 chat:lobby: presence #4, c-15',
    '+0 chat:lobby: published #1, position 45-9f3a01bc',
    '+0 chat:lobby: failed #2: too_fast: slow down, code too_fast, advice retry',
    '+0 chat:lobby: history #3, position 40-9f3a01bc, more true, messages 2 up to 2-9f3a01bc',
    '+0 chat:lobby: presence #4, members 1, connections 7, users 1',
  ]);
});

test('a watch tells how many came and left', async () => {
  const { driver, room, written } = await debugged();
  written();
  const watch = room.watchPresence(() => undefined);
  await driver.tells(
    p => p.members(1, ['ada', '', 'c-1'], ['bob', '', 'c-2']),
    p => p.left(1, ['ada', '', 'c-1']),
    p => p.counted(1, 5000, 4000),
  );
  watch.close();
  watch.close();
  expect(await settled().then(written)).toEqual([
    '+0 coalesce, 16',
    '+0 chat:lobby: watchPresence #1',
    '+0 chat:lobby: members #1, members 2',
    '+0 chat:lobby: left #1, members 1',
    '+0 chat:lobby: counted #1, connections 5000, users 4000',
    '+0 chat:lobby: unwatchPresence #1',
    '+0 unwatchPresence, 1',
  ]);
});

test('no payload, token, password or information of a user is in it', async () => {
  const { driver, room, lines } = await debugged({
    url: 'ws://me:secret@localhost/v1/connect?token=secret',
    token: 'secret',
  });
  room.subscribe(() => undefined);
  room.watchPresence(() => undefined);
  for (const message of ['secret', new TextEncoder().encode('secret')])
    room.publish(message).catch(() => undefined);
  await driver.tells(
    p => p.fetchToken(),
    p => p.messages(1, { data: 'secret' }, { bytes: new TextEncoder().encode('secret') }),
    p => p.members(2, ['ada', '"secret"', 'c-1']),
  );
  driver.host!([
    {
      kind: 'answered',
      publication: { channel: 'chat:lobby', payload: '"secret"', name: new Uint8Array(), at: 0 },
      answer: { kind: 'failed', id: 1, error: new TidewireError('expired', 'kept for too long') },
    },
  ]);
  await settled();
  expect(driver.asked).toContainEqual(['token', 'secret']);
  expect(lines.at(-1)).toContain('chat:lobby: answered: kept for too long, code expired, advice stop');
  expect(lines.join()).not.toMatch(/secret|115,101/);
});

test('a function that throws harms nothing, and may close the client', async () => {
  const error = vi.spyOn(console, 'error').mockReturnValue();
  onTestFinished(() => error.mockRestore());
  const debug = vi.fn<(line: string) => void>(() => {
    throw new Error('debug');
  });
  const { client, driver, room } = await debugged({ debug });
  const published = room.publish('hi');
  await driver.tells(
    p => p.live(),
    p => p.published(1, 45),
  );
  await expect(published).resolves.toEqual({ position: '45-9f3a01bc' });
  expect(client.status).toBe('live');
  expect(error).toHaveBeenCalledTimes(debug.mock.calls.length);

  debug.mockImplementation(() => client.close());
  const closed = expect(room.publish('ho')).rejects.toMatchObject({ code: 'closed' });
  await closed;
  expect(driver.asked.slice(-3).map(([name]) => name)).toEqual(['publish', 'close', 'free']);
});

test('true writes to the console', async () => {
  const debug = vi.spyOn(console, 'debug').mockReturnValue();
  onTestFinished(() => debug.mockRestore());
  await debugged({ debug: true });
  expect(debug).toHaveBeenCalledWith(expect.stringMatching(/^\+\d+ connect, ws:/));
});

test('an outbox goes with it, whose words are in it too', async () => {
  const { driver, room, written } = await debugged({ outbox: true });
  const published = room.publish('hi');
  await driver.tells(p => p.store(1, 'chat:lobby', 'hi', 7).published(1, 45));
  await published;
  const lines = written();
  expect(lines).toContainEqual(expect.stringContaining('code outbox_unavailable, advice retry'));
  expect(lines.filter(line => line.includes('#1'))).toEqual([
    '+0 chat:lobby: publish #1, 4 long',
    '+0 chat:lobby: published #1, position 45-9f3a01bc',
  ]);
});

test('what the driver is to ask its host goes through', async () => {
  const { driver } = await debugged();
  expect(driver).toHaveProperty('mayHold', expect.any(Function));
});

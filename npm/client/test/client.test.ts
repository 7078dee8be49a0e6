import { expect, test, vi } from 'vitest';
import { Client } from '../src/client.ts';
import { createClient } from '../src/index.ts';
import { defineChannel, TidewireError, type StatusDetail } from '../src/exports.ts';
import { reported, scripted } from './support/client.ts';
import { Packer } from './support/packer.ts';
import { settled } from './support/scripted-driver.ts';

const chat = defineChannel<string>('chat:lobby');

test('it tells each status with what is known', async () => {
  const { client, driver } = scripted();
  const heard: StatusDetail[] = [];
  const off = client.on('status', detail => heard.push(detail));

  await driver.tells(p => p.live('c-1'));
  const before = Date.now();
  await driver.tells(p => p.waiting(2_000, 'the server fell silent'));
  off();
  await driver.tells(p => p.live('c-2'));

  expect(heard).toEqual([
    { status: 'connecting' },
    { status: 'live', connection: 'c-1', node: 'n-1', user: 'ada' },
    { status: 'waiting', reason: 'the server fell silent', until: expect.any(Number) },
  ]);
  expect(heard[2]?.until).toBeGreaterThanOrEqual(before + 2_000);
  expect(client.status).toBe('live');
  expect(client.statusDetail.connection).toBe('c-2');
});

test('a listener that throws is reported, and the others hear', async () => {
  const report = reported();
  const { client, driver } = scripted();
  const other = vi.fn();
  client.on('status', () => {
    throw new Error('listener');
  });
  client.on('status', other);

  await driver.tells(p => p.live());

  expect(report).toHaveBeenCalled();
  expect(other).toHaveBeenCalledWith(expect.objectContaining({ status: 'live' }));
});

test('outside browsers it loads and opens nothing until it is asked', async () => {
  const load = vi.fn();
  const client = new Client({ url: 'ws://localhost' }, load);
  client.channel(chat).subscribe(() => {});
  await settled();

  expect(load).not.toHaveBeenCalled();
  expect(client.status).toBe('idle');
});

test('without a WebSocket, a client that connects says so', async () => {
  vi.stubGlobal('WebSocket', undefined);
  const client = createClient({ url: 'ws://localhost' });
  const error = vi.fn();
  client.on('error', error);
  client.connect();
  await vi.waitFor(() => expect(client.status).toBe('closed'));
  expect(error).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'no_websocket' }));
  vi.unstubAllGlobals();
});

test('when WebAssembly does not load, everything that waits is told why', async () => {
  const blocked = new TidewireError('wasm_blocked', "add 'wasm-unsafe-eval'");
  vi.stubGlobal('WebSocket', class {});
  const client = new Client({ url: 'ws://localhost', autoConnect: true }, () => Promise.reject(blocked));
  const error = vi.fn();
  client.on('error', error);
  const subscriptionError = vi.fn();
  client.channel(chat).subscribe({ error: subscriptionError });

  await expect(client.channel(chat).publish('x')).rejects.toBe(blocked);
  await settled();

  expect(error).toHaveBeenCalledWith(blocked);
  expect(subscriptionError).toHaveBeenCalledWith(blocked);
  expect(client.statusDetail).toEqual({ status: 'closed', reason: blocked.message });
  vi.unstubAllGlobals();
});

test('trouble that nobody listens to is reported', async () => {
  const report = reported();
  const { driver } = scripted();
  await driver.tells(p => p.trouble('trouble', 'odd'));
  expect(report).toHaveBeenCalledWith(expect.objectContaining({ code: 'trouble', message: 'odd' }));
});

test('a module of another version is trouble, not silence', async () => {
  const { driver } = scripted();
  await expect(driver.tells(p => p.unknown())).rejects.toThrow('of another version');
});

test.each([
  ['none', undefined, ['token', undefined]],
  ['a text', 'abc', ['token', 'abc']],
  ['a function', () => 'abc', ['token', 'abc']],
  ['a promise', () => Promise.resolve('abc'), ['token', 'abc']],
  ['a function that fails', () => Promise.reject(new Error('offline')), ['noToken', 'offline', false]],
  [
    'a function that gives up',
    () => {
      throw new TidewireError('signed_out', 'sign in');
    },
    ['noToken', 'sign in', true],
  ],
])('a token may be %s', async (_, token, answer) => {
  const { driver } = scripted(token === undefined ? {} : { token });
  await driver.tells(p => p.fetchToken());
  expect(driver.asked).toContainEqual(answer);
});

test('close ends it for good', async () => {
  const { client, driver } = scripted();
  const closed = vi.fn();
  const statuses: string[] = [];
  client.on('status', ({ status }) => statuses.push(status));
  client.channel(chat).subscribe({ closed });
  await driver.tells(p => p.live());

  client.close();
  client.close();
  client.connect();
  await settled();

  expect(closed).toHaveBeenCalledTimes(1);
  expect(client.status).toBe('closed');
  expect(statuses).toEqual(['connecting', 'live', 'closed']);
  expect(driver.asked.filter(([name]) => name === 'close' || name === 'free')).toEqual([['close'], ['free']]);
});

test('what is heard while closing goes before the rest is ended', async () => {
  const { client, driver } = scripted();
  const published = client.channel(chat).publish('x');
  const rejected = expect(published).rejects.toMatchObject({ code: 'in_doubt' });
  await driver.tells(p => p.live());
  driver.close = () => driver.hears(new Packer().failed(1, 'in_doubt', 'ended'));

  client.close();
  await rejected;
});

import { expect, test } from 'vitest';
import { defineChannel, type Channel } from '../src/exports.ts';
import { scripted } from './support/client.ts';
import { Packer } from './support/packer.ts';
import { settled } from './support/scripted-driver.ts';

type Chat = Channel<unknown, unknown>;
type Ask = (channel: Chat, signal: AbortSignal) => Promise<unknown>;
type Answer = (packer: Packer) => Packer;

const chat = defineChannel<unknown>('chat:lobby');

/** All that waits for one answer, and how that may look. */
const requests: [name: string, ask: Ask, answer: Answer][] = [
  ['publish', (channel, signal) => channel.publish('hi', { signal }), p => p.published(1, 44)],
  ['history', (channel, signal) => channel.history({ limit: 5, signal }), p => p.history(1)],
  ['presence', (channel, signal) => channel.presence({ limit: 5, signal }), p => p.presence(1, [])],
];

/** A signal that says how many listen to it. */
function counting() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (type: string, listener: EventListener) => {
    listening.add(listener);
    add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListener) => {
    listening.delete(listener);
    remove(type, listener);
  };
  return { controller, signal, listening };
}

test.each(requests)('%s ends with its signal, at once and with its reason', async (name, ask) => {
  const { client, driver } = scripted();
  const { controller, signal, listening } = counting();
  const asked = ask(client.channel(chat), signal);
  await settled();
  expect(driver.ids(name)).toEqual([1]);

  controller.abort('too slow');

  await expect(asked).rejects.toMatchObject({ name: 'TidewireError', code: 'aborted', cause: 'too slow' });
  expect(listening.size).toBe(0);
});

test.each(requests)('%s with a signal that was aborted before asks nothing', async (name, ask) => {
  const { client, driver } = scripted();
  const rejected = expect(ask(client.channel(chat), AbortSignal.abort('gone'))).rejects;
  await rejected.toMatchObject({ code: 'aborted', cause: 'gone' });

  await driver.tells(p => p.live());
  expect(driver.ids(name)).toEqual([]);
});

test.each(requests)('%s leaves nothing on its signal once it has its answer', async (_, ask, answer) => {
  const { client, driver } = scripted();
  const { controller, signal, listening } = counting();
  const asked = ask(client.channel(chat), signal);
  expect(listening.size).toBe(1);

  await driver.tells(answer);
  expect(listening.size).toBe(0);
  controller.abort();
  await asked;
});

test('a lost connection is no answer: the signal is listened to still, until there is one', async () => {
  const { client, driver } = scripted();
  const { signal, listening } = counting();
  const rejected = expect(client.channel(chat).publish('hi', { signal })).rejects.toMatchObject({
    code: 'too_fast',
  });
  await driver.tells(p => p.live());
  await driver.tells(p => p.waiting(100, 'gone'));
  expect(listening.size).toBe(1);

  await driver.tells(p => p.failed(1, 'too_fast', 'slow down', 'retry'));
  await rejected;
  expect(listening.size).toBe(0);
});

test('what waited for the client to load is never sent', async () => {
  const { client, driver } = scripted({ autoConnect: false });
  const controller = new AbortController();
  const room = client.channel(chat);
  const first = expect(room.publish(1, { signal: controller.signal })).rejects.toMatchObject({
    code: 'aborted',
  });
  void room.publish(2).catch(() => undefined);
  controller.abort();
  await first;

  client.connect();
  await settled();
  expect(driver.ids('publish')).toEqual([2]);
});

test('what was handed over may be accepted, as the error says; nobody hears of it any more', async () => {
  const { client, driver } = scripted();
  const controller = new AbortController();
  const published = client.channel(chat).publish('hi', { signal: controller.signal });
  await settled();
  controller.abort();
  await expect(published).rejects.toThrow('may still be accepted');

  await driver.tells(p => p.published(1, 44));
  expect(driver.asked.map(([name]) => name)).toEqual(['publish', 'connect']);
});

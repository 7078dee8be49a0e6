import { expect, test } from 'vitest';
import { defineChannel } from '../src/exports.ts';
import { scripted } from './support/client.ts';
import { schema } from './support/schema.ts';

const chat = defineChannel<unknown>('chat:lobby');

test('it resolves with the position that the server gave', async () => {
  const { client, driver } = scripted();
  const published = client.channel(chat).publish({ text: 'hi' });
  const unknown = client.channel(chat).publish('again');

  await driver.tells(p => p.published(1, 44).published(2, null));

  expect(driver.asked).toContainEqual(['publish', 1, 'chat:lobby', '{"text":"hi"}']);
  await expect(published).resolves.toEqual({ position: '44-9f3a01bc' });
  await expect(unknown).resolves.toEqual({ position: null });
});

test('bytes go as bytes', async () => {
  const { client, driver } = scripted();
  void client.channel(chat).publish(Uint8Array.of(1, 2));
  await driver.tells(p => p.published(1, 1));

  expect(driver.asked).toContainEqual(['publish', 1, 'chat:lobby', Uint8Array.of(1, 2)]);
});

test('publishes before WebAssembly is there wait for it, in order', async () => {
  const { client, driver } = scripted();
  const room = client.channel(chat);
  const first = room.publish(1);
  const second = room.publish(2);
  expect(driver.asked).toEqual([]);

  await driver.tells(p => p.published(1, 1).published(2, 2));

  expect(driver.ids('publish')).toEqual([1, 2]);
  await Promise.all([first, second]);
});

test('a client that is not asked to connect keeps 1024 publishes and refuses more', async () => {
  const { client } = scripted({ autoConnect: false });
  const room = client.channel(chat);
  const kept = Array.from({ length: 1024 }, (_, at) => room.publish(at));
  const settledEarly = Promise.race(kept.map(publish => publish.then(() => 'early')));
  settledEarly.catch(() => {});

  await expect(room.publish('more')).rejects.toMatchObject({ code: 'overflow', advice: 'retry' });
  client.close();
  const ends = await Promise.allSettled(kept);
  expect(ends.every(end => end.status === 'rejected' && end.reason.code === 'closed')).toBe(true);
});

test('a refusal rejects with code, reason and advice', async () => {
  const { client, driver } = scripted();
  const published = client.channel(chat).publish('x');
  const rejected = expect(published).rejects.toMatchObject({
    name: 'TidewireError',
    code: 'too_fast',
    message: 'too_fast: slow down',
    advice: 'retry',
  });

  await driver.tells(p => p.failed(1, 'too_fast', 'slow down', 'retry'));
  await rejected;
});

test('what the schema refuses is not sent, and says why', async () => {
  const { client, driver } = scripted();
  const short = schema<string>(value =>
    String(value).length < 3 ? { value: String(value) } : { issues: [{ message: 'too long' }] },
  );
  const room = client.channel(defineChannel('words:today', { message: short }));

  await expect(room.publish('long')).rejects.toMatchObject({
    code: 'invalid_message',
    issues: [{ message: 'too long' }],
  });
  await driver.tells();
  expect(driver.ids('publish')).toEqual([]);
});

test("what is sent is the schema's input, of which each receiver makes its output", async () => {
  const { client, driver } = scripted();
  const date = schema<string, Date>(value => ({ value: new Date(String(value)) }));
  void client.channel(defineChannel('days:all', { message: date })).publish('2026-11-24');
  await driver.tells(p => p.published(1, 1));

  expect(driver.asked).toContainEqual(['publish', 1, 'days:all', '"2026-11-24"']);
});

test.each([[undefined], [() => {}], [10n]])('%s is no message', async data => {
  const { client } = scripted();
  await expect(client.channel(chat).publish(data)).rejects.toMatchObject({ code: 'bad_payload' });
});

test('after the client is closed, publishing is refused', async () => {
  const { client } = scripted();
  client.close();
  await expect(client.channel(chat).publish('x')).rejects.toMatchObject({ code: 'closed' });
});

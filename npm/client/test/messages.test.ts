import { expect, test } from 'vitest';
import { defineChannel, type Channel } from '../src/exports.ts';
import { reported, scripted } from './support/client.ts';

const numbers = defineChannel<number>('numbers:all');

function data(iteration: Promise<IteratorResult<{ data: number }, undefined>>): Promise<number | undefined> {
  return iteration.then(result => result.value?.data);
}

test('a loop gets each message, those before it asked and those after', async () => {
  const { client, driver } = scripted();
  const messages = client.channel(numbers).messages({ last: 2 });
  await driver.tells(p => p.messages(1, { data: 1 }, { data: 2 }));
  const [first, second, third] = [messages.next(), messages.next(), messages.next()];
  await driver.tells(p => p.messages(1, { data: 3 }));

  expect(await Promise.all([first, second, third].map(data))).toEqual([1, 2, 3]);
  expect(driver.asked).toContainEqual(['subscribe', 1, 'numbers:all', 2, undefined]);
});

test('leaving the loop unsubscribes', async () => {
  const { client, driver } = scripted();
  const room: Channel<number, number> = client.channel(numbers);
  const looped = (async () => {
    for await (const { data } of room) if (data === 1) return data;
    return undefined;
  })();
  await driver.tells(p => p.messages(1, { data: 1 }, { data: 2 }));

  expect(await looped).toBe(1);
  expect(driver.ids('unsubscribe')).toEqual([1]);
});

test('a loop that falls behind by more than its buffer gets what it has, then a gap', async () => {
  const { client, driver } = scripted();
  const messages = client.channel(numbers).messages({ buffer: 2 });
  await driver.tells(p => p.messages(1, { data: 1 }, { data: 2 }, { data: 3 }));

  expect([await data(messages.next()), await data(messages.next())]).toEqual([1, 2]);
  await expect(messages.next()).rejects.toMatchObject({ code: 'gap', gap: { reason: 'overflow' } });
  expect(await messages.next()).toEqual({ done: true, value: undefined });
  expect(driver.ids('unsubscribe')).toEqual([1]);
});

test('a reset ends the loop with a gap, missing publications do not', async () => {
  const { client, driver } = scripted();
  const messages = client.channel(numbers).messages();
  await driver.tells(p => p.gap(1, 'missing', 2).messages(1, { data: 1, missing: 2 }).gap(1, 'trimmed'));

  expect(await messages.next()).toMatchObject({ value: { data: 1, meta: { missing: 2 } } });
  await expect(messages.next()).rejects.toMatchObject({ code: 'gap', gap: { reason: 'trimmed' } });
});

test('a refusal rejects a loop that waits', async () => {
  const { client, driver } = scripted();
  const waiting = expect(client.channel(numbers).messages().next()).rejects.toMatchObject({
    code: 'forbidden',
  });
  await driver.tells(p => p.failed(1, 'forbidden', 'no'));
  await waiting;
});

test('closing the client ends the loop', async () => {
  const { client, driver } = scripted();
  const waiting = client.channel(numbers).messages().next();
  await driver.tells(p => p.live());
  client.close();

  expect(await waiting).toEqual({ done: true, value: undefined });
});

test('a loop whose signal was aborted before is over at once, and nothing is reported', async () => {
  const report = reported();
  const { client } = scripted();
  const messages = client.channel(numbers).messages({ signal: AbortSignal.abort() });

  expect(await messages.next()).toEqual({ done: true, value: undefined });
  expect(report).not.toHaveBeenCalled();
});

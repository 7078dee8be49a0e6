import { afterEach, expect, test, vi } from 'vitest';
import { Coalescer, defineChannel, type SubscribeOptions } from '../src/exports.ts';
import { reported, scripted } from './support/client.ts';
import { frame, frames } from './support/frames.ts';
import type { Packer } from './support/packer.ts';

const numbers = defineChannel<number>('numbers:all');

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A subscription, and all that it hears, in order. */
function subscribed(options: SubscribeOptions) {
  const { client, driver } = scripted();
  const heard: unknown[] = [];
  const subscription = client.channel(numbers).subscribe(
    {
      message: number => heard.push(number),
      gap: ({ reason }) => heard.push(reason),
      subscribed: () => heard.push('subscribed'),
      error: ({ code }) => heard.push(code),
      closed: () => heard.push('closed'),
    },
    options,
  );
  const tells = (...events: ((packer: Packer) => Packer)[]) => driver.tells(...events);
  return { client, driver, subscription, heard, tells };
}

/** Tells of these numbers, in one step. */
const of =
  (...data: number[]) =>
  (packer: Packer) =>
    packer.messages(1, ...data.map(number => ({ data: number })));

test('messages and gaps wait for the frame, and come then in their order', async () => {
  const { heard, tells } = subscribed({ coalesce: 'frame' });

  await tells(of(1, 2));
  await tells(p => p.gap(1, 'trimmed'), of(3));
  expect([heard, frames.size]).toEqual([[], 1]);

  frame();
  expect([heard, frames.size]).toEqual([[1, 2, 'trimmed', 3], 0]);

  await tells(of(4));
  frame();
  expect(heard).toEqual([1, 2, 'trimmed', 3, 4]);
});

test('what happens to the subscription is told at once, after what waits', async () => {
  const { heard, tells } = subscribed({ coalesce: 'frame' });

  await tells(of(1), p => p.subscribed(1), of(2));
  expect(heard).toEqual([1, 'subscribed']);

  await tells(p => p.failed(1, 'forbidden', 'not yours'));
  expect([heard, frames.size]).toEqual([[1, 'subscribed', 2, 'forbidden', 'closed'], 0]);
});

test('what waits when the client is closed is handed over before', async () => {
  const { client, heard, tells } = subscribed({ coalesce: 'frame' });
  await tells(of(1));

  client.close();
  await tells();

  expect(heard).toEqual([1, 'closed']);
});

test('a page that has no frames hands over by a timer', async () => {
  const { heard, tells } = subscribed({ coalesce: 'frame' });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  await tells(of(1));
  vi.advanceTimersByTime(250);

  expect([heard, frames.size]).toEqual([[1], 0]);
});

test('after a frame has come the next one has a little longer', async () => {
  const { heard, tells } = subscribed({ coalesce: 'frame' });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  await tells(of(1));
  vi.advanceTimersByTime(100);
  frame();
  await tells(of(2));
  vi.advanceTimersByTime(399);
  expect(heard).toEqual([1]);

  vi.advanceTimersByTime(1);
  expect([heard, frames.size]).toEqual([[1, 2], 0]);
});

test('where there are no frames at all a timer does', async () => {
  vi.stubGlobal('requestAnimationFrame', undefined);
  const { heard, tells } = subscribed({ coalesce: 'frame' });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  await tells(of(1));
  vi.advanceTimersByTime(250);

  expect(heard).toEqual([1]);
});

test('a number is how many milliseconds lie between', async () => {
  const { heard, tells } = subscribed({ coalesce: 1000 });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });

  await tells(of(1));
  vi.advanceTimersByTime(999);
  await tells(of(2));
  expect(heard).toEqual([]);

  vi.advanceTimersByTime(1);
  expect(heard).toEqual([1, 2]);
});

test('no more than a thousand steps wait', async () => {
  const { heard, tells } = subscribed({ coalesce: 'frame' });

  await tells(...Array.from({ length: 1001 }, (_, number) => of(number)));

  expect(heard).toHaveLength(1000);
  frame();
  expect(heard).toHaveLength(1001);
});

test('nothing that waits is handed over after close, nor what follows in the same frame', async () => {
  const { subscription, heard, tells } = subscribed({ coalesce: 'frame' });
  await tells(of(1));
  subscription.close();
  expect([heard, frames.size]).toEqual([['closed'], 0]);

  const { client, driver } = scripted();
  const both: number[] = [];
  const inside = client.channel(numbers).subscribe(
    number => {
      both.push(number);
      inside.close();
    },
    { coalesce: 'frame' },
  );
  await driver.tells(of(1), of(2));
  frame();
  expect(both).toEqual([1]);
});

test('a signal that aborts ends the wait', async () => {
  const controller = new AbortController();
  const { heard, tells } = subscribed({ coalesce: 'frame', signal: controller.signal });
  await tells(of(1));

  controller.abort();

  expect([heard, frames.size]).toEqual([['closed'], 0]);
});

test('a loop may have its messages once per frame too', async () => {
  const { client, driver } = scripted();
  const loop = client.channel(numbers).messages({ coalesce: 'frame' });
  const first = loop.next();

  await driver.tells(of(1), of(2));
  frame();

  expect([(await first).value?.data, (await loop.next()).value?.data]).toEqual([1, 2]);
});

test('the server may gather what comes while every subscription waits for the frame', async () => {
  const { client, driver, subscription, tells } = subscribed({ coalesce: 'frame' });
  await tells();
  expect(driver.ids('coalesce')).toEqual([16]);
  const hasty = client.channel(numbers).subscribe({});
  client.channel(numbers).watchPresence({});
  client
    .channel(numbers)
    .publish(1)
    .catch(() => undefined);
  expect(driver.ids('coalesce')).toEqual([16, 0]);
  hasty.close();
  expect(driver.ids('coalesce')).toEqual([16, 0, 16]);
  subscription.close();
  expect(driver.ids('coalesce')).toEqual([16, 0, 16]);
});

test('what is wanted as it comes is not gathered', async () => {
  const { driver, tells } = subscribed({ coalesce: 20 });
  await tells();
  expect(driver.ids('coalesce')).toEqual([]);
});

test('whoever asks again and again is called once', () => {
  const called = vi.fn();
  const coalescer = new Coalescer('frame', called);
  coalescer.ask();
  coalescer.ask();
  frame();
  expect(called).toHaveBeenCalledTimes(1);
});

test('what a handler of a frame asks for is done in that frame, after all handlers', async () => {
  const { client, driver } = scripted();
  const done: unknown[] = [];
  const show = new Coalescer('frame', () => done.push('shown'));
  for (const name of ['one', 'other'])
    client.channel(numbers).subscribe(
      () => {
        done.push(name);
        show.ask();
      },
      { coalesce: 'frame' },
    );
  await driver.tells(of(1), p => p.messages(2, { data: 1 }));
  frame();
  expect([done, frames.size]).toEqual([['one', 'other', 'shown'], 0]);
});

test('whoever asks while he is called is called with the next frame', () => {
  const called = vi.fn(() => called.mock.calls.length < 2 && coalescer.ask());
  const coalescer = new Coalescer('frame', called);
  coalescer.ask();
  frame();
  expect([called.mock.calls.length, frames.size]).toEqual([1, 1]);
  frame();
  expect([called.mock.calls.length, frames.size]).toEqual([2, 0]);
});

test('one that throws is reported, and keeps nobody from being called', () => {
  const report = reported();
  const called = vi.fn();
  new Coalescer('frame', () => {
    throw new Error('not this one');
  }).ask();
  new Coalescer('frame', called).ask();
  frame();
  expect([called.mock.calls.length, report.mock.calls.length]).toEqual([1, 1]);
});

test('whoever takes it back in the frame is not called', () => {
  const called = vi.fn();
  const other = new Coalescer('frame', called);
  new Coalescer('frame', () => other.cancel()).ask();
  other.ask();
  frame();
  expect([called.mock.calls.length, frames.size]).toEqual([0, 0]);
});

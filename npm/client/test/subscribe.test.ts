import { expect, test, vi } from 'vitest';
import { defineChannel, TidewireError, type Meta } from '../src/exports.ts';
import { reported, scripted } from './support/client.ts';
import { schema } from './support/schema.ts';
import { settled } from './support/scripted-driver.ts';

const chat = defineChannel<{ text: string }>('chat:{room}');
const words = defineChannel('words:today', {
  message: schema<string, number>(value =>
    typeof value === 'string' ? { value: value.length } : { issues: [{ message: 'not a word' }] },
  ),
});

test('messages come in order with where they are from', async () => {
  const { client, driver } = scripted();
  const heard: [string, Meta][] = [];
  client
    .channel(chat, { room: 'lobby' })
    .subscribe((data, meta) => heard.push([data.text, meta]), { last: 5 });

  await driver.tells(p =>
    p.messages(1, { data: { text: 'a' }, offset: 41, user: 'ada' }, { data: { text: 'ü' } }),
  );

  expect(driver.asked).toContainEqual(['subscribe', 1, 'chat:lobby', 5, undefined]);
  expect(heard).toEqual([
    ['a', { position: '41-9f3a01bc', id: '000000ab', user: 'ada', replayed: false, missing: 0 }],
    ['ü', { position: '2-9f3a01bc', id: '000000ab', replayed: false, missing: 0 }],
  ]);
});

test('bytes come as bytes of their own', async () => {
  const { client, driver } = scripted();
  const heard: unknown[] = [];
  client.channel(defineChannel<Uint8Array>('pen:1')).subscribe(data => heard.push(data));

  await driver.tells(p => p.messages(1, { bytes: Uint8Array.of(1, 2) }));

  expect(heard).toEqual([Uint8Array.of(1, 2)]);
  expect((heard[0] as Uint8Array).buffer.byteLength).toBe(2);
});

test('messages of an ephemeral channel have no position', async () => {
  const { client, driver } = scripted();
  const metas: Meta[] = [];
  client.channel(chat, { room: 'lobby' }).subscribe((_, meta) => metas.push(meta));

  await driver.tells(p => p.ephemeral(1, { text: 'typing' }));

  expect(metas).toEqual([{ position: '', id: '', user: 'ada', replayed: false, missing: 0 }]);
});

test('a schema makes what the handler gets', async () => {
  const { client, driver } = scripted();
  const heard: number[] = [];
  client.channel(words).subscribe(length => heard.push(length));

  await driver.tells(p => p.messages(1, { data: 'four' }));

  expect(heard).toEqual([4]);
});

test('what does not fit is skipped and told, and the rest goes on', async () => {
  const { client, driver } = scripted();
  const message = vi.fn();
  const errors: TidewireError[] = [];
  client.channel(words).subscribe({ message, error: error => errors.push(error) });

  await driver.tells(p => p.messages(1, { data: 7 }, { text: '{' }, { data: 'ok' }));

  expect(message.mock.calls.map(([length]) => length)).toEqual([2]);
  expect(errors.map(error => error.code)).toEqual(['invalid_message', 'bad_payload']);
  expect(errors[0]?.issues).toEqual([{ message: 'not a word' }]);
});

test('payloads that are no JSON do not stand for others, though together they would be', async () => {
  const { client, driver } = scripted();
  const message = vi.fn();
  const errors: TidewireError[] = [];
  client.channel(chat, { room: 'lobby' }).subscribe({ message, error: error => errors.push(error) });

  await driver.tells(p => p.messages(1, { text: '1,2' }, { data: 3 }, { data: 'ü' }));
  await driver.tells(p => p.messages(1, { text: '' }, { data: [4] }));

  expect(message.mock.calls.map(([data]) => data as unknown)).toEqual([3, 'ü', [4]]);
  expect(errors.map(error => error.code)).toEqual(['bad_payload', 'bad_payload']);
});

test('bytes and texts may come together', async () => {
  const { client, driver } = scripted();
  const message = vi.fn();
  client.channel(chat, { room: 'lobby' }).subscribe(message);

  await driver.tells(p => p.messages(1, { bytes: Uint8Array.of(1, 2) }, { data: null }, { data: 'a' }));

  expect(message.mock.calls.map(([data]) => data as unknown)).toEqual([Uint8Array.of(1, 2), null, 'a']);
});

test('what does not fit is reported where nobody listens to errors', async () => {
  const report = reported();
  const { client, driver } = scripted();
  client.channel(words).subscribe(() => {});

  await driver.tells(p => p.messages(1, { data: 7 }));

  expect(report).toHaveBeenCalledWith(expect.objectContaining({ code: 'invalid_message' }));
});

test('a schema that throws, or answers later, is an error of the message', async () => {
  const { client, driver } = scripted();
  const errors: TidewireError[] = [];
  const error = (error: TidewireError) => errors.push(error);
  const throwing = schema<string>(() => {
    throw new RangeError('broken');
  });
  const late = schema<string>(() => Promise.resolve({ value: 'late' }));
  client.channel(defineChannel('a:b', { message: throwing })).subscribe({ message() {}, error });
  client.channel(defineChannel('a:b', { message: late })).subscribe({ message() {}, error });

  await driver.tells(p => p.messages(1, { data: 1 }).messages(2, { data: 1 }));

  expect(errors.map(({ code }) => code)).toEqual(['invalid_message', 'invalid_message']);
  expect(errors[0]?.cause).toBeInstanceOf(RangeError);
  expect(errors[1]?.message).toMatch('not by a promise');
});

test('a handler that throws harms neither itself nor others', async () => {
  const report = reported();
  const { client, driver } = scripted();
  const room = client.channel(chat, { room: 'lobby' });
  const heard: string[] = [];
  room.subscribe(() => {
    throw new Error('handler');
  });
  room.subscribe(({ text }) => heard.push(text));

  await driver.tells(p => p.messages(1, { data: { text: 'a' } }, { data: { text: 'b' } }));
  await driver.tells(p => p.messages(2, { data: { text: 'a' } }));

  expect(report).toHaveBeenCalledTimes(2);
  expect(heard).toEqual(['a']);
});

test('handlers keep their this', async () => {
  const { client, driver } = scripted();
  const log = {
    lines: [] as string[],
    message({ text }: { text: string }) {
      this.lines.push(text);
    },
  };
  client.channel(chat, { room: 'lobby' }).subscribe(log);

  await driver.tells(p => p.messages(1, { data: { text: 'a' } }));

  expect(log.lines).toEqual(['a']);
});

test('a gap is told before what follows it', async () => {
  const { client, driver } = scripted();
  const heard: unknown[] = [];
  client.channel(chat, { room: 'lobby' }).subscribe({
    message: ({ text }) => heard.push(text),
    gap: gap => heard.push(gap),
  });

  await driver.tells(p =>
    p
      .gap(1, 'trimmed')
      .messages(1, { data: { text: 'a' } })
      .gap(1, 'missing', 3),
  );

  expect(heard).toEqual([{ reason: 'trimmed' }, 'a', { reason: 'missing', count: 3 }]);
});

test('a gap that nobody listens to is a warning', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const { client, driver } = scripted();
  client.channel(chat, { room: 'lobby' }).subscribe(() => {});

  await driver.tells(p => p.gap(1, 'trimmed'));

  expect(warn).toHaveBeenCalledWith(expect.stringContaining('chat:lobby'), { reason: 'trimmed' });
  warn.mockRestore();
});

test('it is live from its subscribed on, until the connection is lost', async () => {
  const { client, driver } = scripted();
  const subscribed = vi.fn();
  const subscription = client.channel(chat, { room: 'lobby' }).subscribe({ subscribed });
  expect(subscription.status).toBe('pending');

  await driver.tells(p => p.live('c-1').subscribed(1, 3));
  expect(subscription.status).toBe('live');
  expect(subscribed).toHaveBeenCalledWith({ position: '40-9f3a01bc', replayed: 3, recovered: true });

  await driver.tells(p => p.waiting(100, 'lost'));
  expect(subscription.status).toBe('pending');

  await driver.tells(p => p.live('c-2'));
  expect(subscription.status).toBe('pending');

  await driver.tells(p => p.subscribed(1));
  expect(subscription.status).toBe('live');
});

test('after close nothing more is heard, even of the same batch', async () => {
  const { client, driver } = scripted();
  const heard: string[] = [];
  const closed = vi.fn();
  const subscription = client.channel(chat, { room: 'lobby' }).subscribe({
    message: ({ text }) => {
      heard.push(text);
      subscription.close();
    },
    closed,
  });

  await driver.tells(p => p.messages(1, { data: { text: 'a' } }, { data: { text: 'b' } }));
  await driver.tells(p => p.messages(1, { data: { text: 'c' } }));
  subscription.close();

  expect(heard).toEqual(['a']);
  expect(closed).toHaveBeenCalledTimes(1);
  expect(driver.ids('unsubscribe')).toEqual([1]);
});

test('a signal closes it', async () => {
  const { client, driver } = scripted();
  const controller = new AbortController();
  const room = client.channel(chat, { room: 'lobby' });
  const subscription = room.subscribe(() => {}, { signal: controller.signal });
  await settled();

  controller.abort();

  expect(subscription.status).toBe('closed');
  expect(driver.ids('unsubscribe')).toEqual([1]);
  expect(room.subscribe(() => {}, { signal: controller.signal }).status).toBe('closed');
});

test('what is closed before it could begin is never asked for', async () => {
  const { client, driver } = scripted();
  client
    .channel(chat, { room: 'lobby' })
    .subscribe(() => {})
    .close();
  await settled();

  expect(driver.ids('subscribe')).toEqual([]);
});

test('a refusal is told once, with its reason, and ends it', async () => {
  const { client, driver } = scripted();
  const error = vi.fn();
  const closed = vi.fn();
  const subscription = client.channel(chat, { room: 'lobby' }).subscribe({ error, closed });

  await driver.tells(p => p.failed(1, 'forbidden', 'not yours'));

  expect(error).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'forbidden', message: 'forbidden: not yours', advice: 'stop' }),
  );
  expect(closed).toHaveBeenCalledTimes(1);
  expect(subscription.status).toBe('closed');
});

import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { chat, sensorReadings, type ChatSaid } from './codegen/channels.ts';
import { defineChannel, type Channel, type Client, type Meta } from '../src/exports.ts';

declare const client: Client;

test('a schema types what is sent and what is received', () => {
  const dates = defineChannel('dates:{year}/{month}', {
    message: z.object({ at: z.string().transform(text => new Date(text)), note: z.string().default('') }),
  });
  const channel = client.channel(dates, { year: 2026, month: 'nov' });

  expectTypeOf(channel).toEqualTypeOf<
    Channel<{ at: string; note?: string | undefined }, { at: Date; note: string }>
  >();
  channel.subscribe((data, meta) => {
    expectTypeOf(data.at).toEqualTypeOf<Date>();
    expectTypeOf(meta).toEqualTypeOf<Meta>();
  });
  channel.subscribe({
    message(data) {
      expectTypeOf(data.note).toEqualTypeOf<string>();
    },
  });
  void channel.publish({ at: '2026-11-24' });
  // @ts-expect-error it takes a string
  void channel.publish({ at: new Date() });
  expectTypeOf(channel.history).returns.resolves.toHaveProperty('publications');
});

test('parameters are those in the braces, no more and no less', () => {
  const chat = defineChannel('chat:{room}', { message: z.string() });
  client.channel(chat, { room: 'lobby' });
  // @ts-expect-error room is missing
  client.channel(chat);
  // @ts-expect-error room is missing
  client.channel(chat, {});
  // @ts-expect-error there is no rom
  client.channel(chat, { room: 'lobby', rom: 1 });

  const news = defineChannel('news:today', { message: z.string() });
  client.channel(news);
  // @ts-expect-error there are no parameters
  client.channel(news, { room: 'lobby' });
});

test('a type alone types both ways', () => {
  const chat = defineChannel<{ text: string }>('chat:{room}');
  const channel = client.channel(chat, { room: 'lobby' });
  expectTypeOf(channel).toEqualTypeOf<Channel<{ text: string }, { text: string }>>();
  // @ts-expect-error it has a text
  void channel.publish({ txt: 'hi' });
});

test('a loop is typed', async () => {
  const numbers = defineChannel<number>('numbers:all');
  for await (const { data, meta } of client.channel(numbers)) {
    expectTypeOf(data).toEqualTypeOf<number>();
    expectTypeOf(meta.position).toEqualTypeOf<string>();
  }
});

test('what the server writes from its schemas types channels too', () => {
  const room = client.channel(chat, { team: 'blue', room: 'lobby' });
  void room.publish({ kind: 'said', text: 'hi', by: { name: 'ann', role: 'guest' } });
  void room.publish({ kind: 'edited', position: '7', text: null });
  // @ts-expect-error a role is one of three
  void room.publish({ kind: 'said', text: 'hi', by: { name: 'ann', role: 'boss' } });
  // @ts-expect-error the text is missing
  void room.publish({ kind: 'said', by: { name: 'ann' } });
  // @ts-expect-error room is missing
  client.channel(chat, { team: 'blue' });
  room.subscribe(message => {
    if (message.kind === 'said') expectTypeOf(message.answers).toEqualTypeOf<ChatSaid | undefined>();
    else expectTypeOf(message.text).toEqualTypeOf<string | null>();
  });

  client.channel(sensorReadings, { id: 7 }).subscribe(readings => {
    expectTypeOf(readings[0]!.values).toEqualTypeOf<Record<string, number>>();
    expectTypeOf(readings[0]!.place).toEqualTypeOf<[number, number, string?] | undefined>();
  });
});

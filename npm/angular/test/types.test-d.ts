import type { Signal } from '@angular/core';
import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import {
  defineChannel,
  injectChannel,
  injectConnection,
  provideTidewire,
  type ChannelRef,
  type Connection,
  type Message,
} from '../src/index.ts';

test('a schema types what a channel shows and what is published to it', () => {
  const dates = defineChannel('dates:{year}', {
    message: z.object({ at: z.string().transform(text => new Date(text)) }),
  });
  const channel = injectChannel(dates, () => ({ year: 2026 }), {
    on: { message: data => expectTypeOf(data.at).toEqualTypeOf<Date>() },
  });

  expectTypeOf(channel).toEqualTypeOf<ChannelRef<{ at: string }, { at: Date }>>();
  expectTypeOf(channel.messages).toEqualTypeOf<Signal<readonly Message<{ at: Date }>[]>>();
  void channel.publish({ at: '2026-11-24' });
  // @ts-expect-error it takes a string
  void channel.publish({ at: new Date() });
});

test('parameters are those in the braces, and may be missing for now', () => {
  const chat = defineChannel('chat:{room}', { message: z.string() });
  injectChannel(chat, () => ({ room: 'lobby' }));
  injectChannel(chat, () => undefined);
  // @ts-expect-error room is missing
  injectChannel(chat);
  // @ts-expect-error room is missing
  injectChannel(chat, () => ({}));
  // @ts-expect-error room is missing
  injectChannel(chat, { last: 5 });

  const news = defineChannel('news:today', { message: z.string() });
  injectChannel(news);
  injectChannel(news, { last: 5 });
  // @ts-expect-error there are no parameters
  injectChannel(news, () => ({ room: 'lobby' }));
});

test('a type alone types both ways', () => {
  const chat = defineChannel<{ text: string }>('chat:{room}');
  const channel = injectChannel(chat, () => ({ room: 'lobby' }));
  expectTypeOf(channel).toEqualTypeOf<ChannelRef<{ text: string }, { text: string }>>();
  injectChannel(chat, { last: 5 });
});

test('options are checked', () => {
  provideTidewire({ url: '/v1/connect', coalesce: 100 });
  provideTidewire(() => ({ url: '/v1/connect', token: async () => 'token' }));
  // @ts-expect-error an address is needed
  provideTidewire({});
  // @ts-expect-error there is no such word
  provideTidewire({ url: '/', coalesce: 'often' });
  expectTypeOf(injectConnection).returns.toEqualTypeOf<Signal<Connection>>();
});

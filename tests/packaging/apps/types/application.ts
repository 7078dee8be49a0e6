import {
  createClient,
  defineChannel,
  TidewireError,
  type Message,
  type StandardSchema,
  type Status,
} from '@tidewire/client';
import { createClient as createSlimClient } from '@tidewire/client/slim';
import { TestServer } from '@tidewire/client/testing';

const chat = defineChannel<{ text: string }>('chat:{room}');
declare const schema: StandardSchema<{ text: string }>;
const news = defineChannel('news:{room}', { message: schema });

for (const client of [
  createClient({ url: 'ws://localhost', token: async () => 'token' }),
  createSlimClient({ url: 'ws://localhost', wasm: new URL('https://localhost/tidewire.wasm') }),
  new TestServer().createClient(),
]) {
  const room = client.channel(chat, { room: 'lobby' });
  room.subscribe({ message: ({ text }, { position }) => console.log(text.length, position.length) });
  room.publish({ text: 'hello' }).catch((error: unknown) => error instanceof TidewireError && error.advice);
  // @ts-expect-error a number is no text
  room.publish({ text: 1 });
  // @ts-expect-error the pattern names a room
  client.channel(news, { hall: 'lobby' });
}

export const shown = (status: Status, message: Message<{ text: string }>) => `${status} ${message.data.text}`;

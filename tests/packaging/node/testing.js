import { defineChannel } from '@tidewire/client';
import { TestServer } from '@tidewire/client/testing';

const server = new TestServer();
const room = server.createClient().channel(defineChannel('packaging:{program}'), { program: 'testing' });
room.subscribe({
  message: data => console.log(data.text),
  subscribed: () => server.publish('packaging:testing', { text: 'received' }),
});

// What rendering a page does: a client is made, and channels are asked for, but nothing connects.
import { createClient, defineChannel } from '@tidewire/client';

const client = createClient({ url: process.argv[2] });
client.on('error', ({ name, code }) => console.log(name, code));
const room = client.channel(defineChannel('packaging:{program}'), { program: 'render' });
room.subscribe({
  message: () => console.log('connected after all'),
  error: ({ code }) => console.log('the subscription too:', code),
});
console.log(client.status);
if (process.argv[3] === 'connect') client.connect();

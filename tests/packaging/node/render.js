// What rendering a page does: a client is made, and channels are asked for, but nothing connects.
import { createClient, defineChannel } from '@tidewire/client';

const client = createClient({ url: process.argv[2] });
const room = client.channel(defineChannel('packaging:{program}'), { program: 'render' });
room.subscribe({ message: () => console.log('connected after all') });
console.log(client.status);
if (process.argv[3] === 'connect') {
  try {
    client.connect();
  } catch (error) {
    console.log(error.name, error.code);
  }
}

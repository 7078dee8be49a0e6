import { createClient, defineChannel } from '@tidewire/client';

const client = createClient({ url: process.argv[2] });
const room = client.channel(defineChannel('packaging:{program}'), { program: 'node' });
client.connect();
await room.publish({ text: 'received' });
for await (const { data } of room.messages({ last: 1 })) {
  console.log(data.text);
  break;
}
client.close();

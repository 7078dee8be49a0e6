import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createClient, defineChannel } from '@tidewire/client/slim';

const wasm = readFile(fileURLToPath(import.meta.resolve('@tidewire/client/tidewire.wasm')));
const client = createClient({ url: process.argv[2], wasm });
const room = client.channel(defineChannel('packaging:{program}'), { program: 'slim' });
client.connect();
await room.publish({ text: 'received' });
for await (const { data } of room.messages({ last: 1 })) {
  console.log(data.text);
  break;
}
client.close();

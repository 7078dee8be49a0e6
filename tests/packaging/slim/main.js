import { createClient, defineChannel } from '/node_modules/@tidewire/client/dist/slim.js';

const address = new URL('/node_modules/@tidewire/client/dist/tidewire.wasm', location);
const forms = {
  bytes: async () => (await fetch(address)).arrayBuffer(),
  address,
  module: WebAssembly.compileStreaming(fetch(address)),
  response: () => fetch(address),
};

const query = new URLSearchParams(location.search);
const client = createClient({ url: query.get('url'), wasm: forms[query.get('wasm')] });
const room = client.channel(defineChannel('packaging:{page}'), { page: 'slim' });
room.subscribe({
  message: data => (document.querySelector('output').textContent = data.text),
  subscribed: () => room.publish({ text: 'received' }),
});

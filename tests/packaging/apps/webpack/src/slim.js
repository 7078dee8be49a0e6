import { createClient, defineChannel } from '@tidewire/client/slim';

const client = createClient({
  url: new URLSearchParams(location.search).get('url'),
  wasm: new URL('@tidewire/client/tidewire.wasm', import.meta.url),
});
const room = client.channel(defineChannel('packaging:{page}'), { page: 'webpack-slim' });
room.subscribe({
  message: data => (document.querySelector('output').textContent = data.text),
  subscribed: () => room.publish({ text: 'received' }),
});

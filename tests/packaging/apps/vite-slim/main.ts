import { createClient, defineChannel } from '@tidewire/client/slim';
import wasm from '@tidewire/client/tidewire.wasm?url';

const url = new URLSearchParams(location.search).get('url') ?? '';
const chat = defineChannel<{ text: string }>('packaging:{page}');
const room = createClient({ url, wasm }).channel(chat, { page: 'vite-slim' });
room.subscribe({
  message: data => (document.querySelector('output')!.textContent = data.text),
  subscribed: () => room.publish({ text: 'received' }),
});

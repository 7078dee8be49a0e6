import { createClient, defineChannel } from '@tidewire/client';

const url = new URLSearchParams(location.search).get('url') ?? '';
const chat = defineChannel<{ text: string }>('packaging:{page}');
const room = createClient({ url }).channel(chat, { page: 'vite' });
room.subscribe({
  message: data => (document.querySelector('output')!.textContent = data.text),
  subscribed: () => room.publish({ text: 'received' }),
});

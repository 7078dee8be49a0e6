import { createClient, defineChannel } from '@tidewire/client';

const client = createClient({ url: new URLSearchParams(location.search).get('url') });
const room = client.channel(defineChannel('packaging:{page}'), { page: 'webpack' });
room.subscribe({
  message: data => (document.querySelector('output').textContent = data.text),
  subscribed: () => room.publish({ text: 'received' }),
});

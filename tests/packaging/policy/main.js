import { createClient, defineChannel } from '/node_modules/@tidewire/client/dist/index.js';

const show = (where, words) => (document.querySelector(where).textContent = words);

const client = createClient({ url: new URLSearchParams(location.search).get('url') });
client.on('status', ({ status, reason }) => reason && show('p', `${status}: ${reason}`));
const room = client.channel(defineChannel('packaging:{page}'), { page: 'policy' });
room.subscribe({
  message: data => show('output', data.text),
  subscribed: () => room.publish({ text: 'received' }),
  error: ({ code }) => show('output', code),
});
document.querySelector('button').onclick = ({ target }) => (target.textContent = 'goes on');

import { createClient, defineChannel } from '@tidewire/client';

export default {
  async fetch(request) {
    const url = new URL(request.url).searchParams.get('url');
    if (!url) return new Response('here');
    const client = createClient({ url });
    const room = client.channel(defineChannel('packaging:{page}'), { page: 'workerd' });
    client.connect();
    await room.publish({ text: 'received' });
    for await (const { data } of room.messages({ last: 1 })) {
      client.close();
      return new Response(data.text);
    }
  },
};

'use client';

import { createClient, defineChannel } from '@tidewire/client';
import { useEffect, useState } from 'react';

const chat = defineChannel<{ text: string }>('packaging:{page}');

export default function Page() {
  const [text, show] = useState('');
  useEffect(() => {
    const client = createClient({ url: new URLSearchParams(location.search).get('url') ?? '' });
    const room = client.channel(chat, { page: 'next' });
    room.subscribe({
      message: data => show(data.text),
      subscribed: () => void room.publish({ text: 'received' }),
    });
    return () => client.close();
  }, []);
  return <output>{text}</output>;
}

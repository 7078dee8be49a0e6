import { Component, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { createClient, defineChannel } from '@tidewire/client';

const chat = defineChannel<{ text: string }>('packaging:{page}');

@Component({ selector: 'app-root', template: '<output>{{ text() }}</output>' })
class App {
  readonly text = signal('');

  constructor() {
    const url = new URLSearchParams(location.search).get('url') ?? '';
    const room = createClient({ url }).channel(chat, { page: 'angular' });
    room.subscribe({
      message: data => this.text.set(data.text),
      subscribed: () => void room.publish({ text: 'received' }),
    });
  }
}

void bootstrapApplication(App);

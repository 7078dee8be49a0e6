import { Component } from '@angular/core';
import { defineChannel, injectChannel } from '@tidewire/angular';

const chat = defineChannel<{ text: string }>('packaging:{page}');

@Component({ selector: 'app-root', template: '<output>{{ room.latest()?.data?.text }}</output>' })
export class App {
  readonly room = injectChannel(chat, () => ({ page: 'angular' }), {
    on: { subscribed: () => void this.room.publish({ text: 'received' }) },
  });
}

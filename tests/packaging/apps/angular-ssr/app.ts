import { Component } from '@angular/core';
import { defineChannel, injectChannel } from '@tidewire/angular';

const chat = defineChannel<{ text: string }>('packaging:{page}');

@Component({
  selector: 'app-root',
  template: `
    <ol>
      @for (message of room.messages(); track message.meta.position) {
        <li>{{ message.data.text }}</li>
      }
    </ol>
    <output>{{ room.status() }}</output>
  `,
})
export class App {
  readonly room = injectChannel(chat, () => ({ page: 'rendered' }), { last: 10 });
}

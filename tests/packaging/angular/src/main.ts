import { Component, provideZoneChangeDetection } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { defineChannel, injectChannel, provideTidewire } from '@tidewire/angular';

const chat = defineChannel<{ text: string }>('packaging:{page}');

@Component({ selector: 'app-root', template: '<output>{{ room.latest()?.data?.text }}</output>' })
class App {
  readonly room = injectChannel(chat, () => ({ page: 'angular' }), {
    on: { subscribed: () => void this.room.publish({ text: 'received' }) },
  });
}

void bootstrapApplication(App, {
  providers: [
    provideTidewire({ url: new URLSearchParams(location.search).get('url') ?? '' }),
    // One application for both: with the polyfill it is an old one.
    'Zone' in globalThis ? provideZoneChangeDetection() : [],
  ],
});

import { Component, effect, inject, viewChild } from '@angular/core';
import { Title } from '@angular/platform-browser';
import { injectConnection } from '@tidewire/angular';

import { Composer } from './composer';
import { Me } from './me';
import { MessageList } from './message-list';
import { NameField } from './name-field';
import { PromisePanel } from './promise-panel';
import { injectRoom } from './room';
import { injectRoomName } from './room-name';
import { RoomPicker } from './room-picker';
import { StatusPill } from './status-pill';

/** The page: a room, and beside it what is promised about it. */
@Component({
  selector: 'chat-app',
  imports: [Composer, MessageList, NameField, PromisePanel, RoomPicker, StatusPill],
  templateUrl: './app.html',
  styleUrl: './app.css',
  host: { '[attr.data-status]': 'connection().status' },
})
export class App {
  protected readonly me = inject(Me);
  protected readonly connection = injectConnection();
  protected readonly roomName = injectRoomName();
  protected readonly room = injectRoom(this.roomName.room);
  private readonly list = viewChild.required(MessageList);

  constructor() {
    const title = inject(Title);
    effect(() => title.setTitle(`#${this.roomName.room()} · Tidewire chat`));
  }

  protected say(text: string): void {
    this.room.say(text);
    this.list().toNewest();
  }
}

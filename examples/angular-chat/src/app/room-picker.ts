import { Component, computed, input, output } from '@angular/core';

import { FIRST_ROOM, addressOf } from './room-name';

const SUGGESTED = [FIRST_ROOM, 'harbour', 'lighthouse'];

/** The rooms one may go to: a few suggested ones, the present one, and any other by its name. */
@Component({
  selector: 'chat-room-picker',
  template: `
    <nav aria-label="Rooms">
      @for (room of rooms(); track room.name) {
        <a
          [href]="room.address"
          [attr.aria-current]="room.name === current() ? 'page' : null"
          (click)="follow($event, room.name)"
          ><span class="hash" aria-hidden="true">#</span>{{ room.name }}
          @if (room.name === current() && here(); as count) {
            <span class="here">{{ count }} here</span>
          }
        </a>
      }
    </nav>
    <form (submit)="enter($event, field)">
      <label class="visually-hidden" for="room">Go to another room</label>
      <input
        #field
        id="room"
        placeholder="another room"
        maxlength="24"
        autocomplete="off"
        enterkeyhint="go"
      />
    </form>
  `,
  styles: `
    :host {
      position: relative;
      display: flex;
      align-items: center;
      gap: 0.25rem;
      min-width: 0;
      overflow-x: auto;
      scrollbar-width: none;
    }
    nav {
      display: flex;
      gap: 0.25rem;
    }
    a,
    input {
      padding: 0.35rem 0.7rem;
      border-radius: 99px;
      font-size: 0.9rem;
    }
    a {
      color: var(--ink);
      text-decoration: none;
      white-space: nowrap;
    }
    a:hover {
      background: var(--bubble);
    }
    a[aria-current] {
      background: var(--accent-soft);
      color: var(--accent-ink);
      font-weight: 650;
    }
    .hash {
      opacity: 0.6;
    }
    .here {
      margin-left: 0.3rem;
      font-weight: 400;
      font-size: 0.8rem;
    }
    input {
      width: 8.5rem;
      border: 1px dashed var(--edge);
      background: none;
    }
    input::placeholder {
      color: var(--faint);
      opacity: 1;
    }
  `,
})
export class RoomPicker {
  readonly current = input.required<string>();
  /** How many are in the present room, where that is known. */
  readonly here = input<number>();
  readonly enterRoom = output<string>();

  protected readonly rooms = computed(() => {
    const names = SUGGESTED.includes(this.current()) ? SUGGESTED : [this.current(), ...SUGGESTED];
    return names.map(name => ({ name, address: addressOf(name, location.href) }));
  });

  protected follow(event: MouseEvent, room: string): void {
    // With a modifier the browser opens a window or a tab: let it.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.enterRoom.emit(room);
  }

  protected enter(event: Event, field: HTMLInputElement): void {
    event.preventDefault();
    if (field.value.trim()) this.enterRoom.emit(field.value);
    field.value = '';
  }
}

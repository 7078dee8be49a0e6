import { DestroyRef, Signal, inject, signal } from '@angular/core';

export const FIRST_ROOM = 'lobby';

/** The room's name as people type it, made fit for an address: `Harbour Café ` becomes `harbour-café`. */
export function roomName(typed: string): string {
  const name = typed
    .trim()
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return name.slice(0, 24) || FIRST_ROOM;
}

/** The page's address, showing another room. */
export function addressOf(room: string, address: string): string {
  const url = new URL(address);
  url.searchParams.set('room', room);
  return url.href;
}

/** The room that the address names (`?room=`), as a signal; `enter` goes to another one. */
export function injectRoomName(): { readonly room: Signal<string>; enter(typed: string): void } {
  const fromAddress = () => roomName(new URL(location.href).searchParams.get('room') ?? '');
  const room = signal(fromAddress());
  const follow = () => room.set(fromAddress());
  addEventListener('popstate', follow);
  inject(DestroyRef).onDestroy(() => removeEventListener('popstate', follow));
  return {
    room: room.asReadonly(),
    enter(typed) {
      history.pushState(null, '', addressOf(roomName(typed), location.href));
      follow();
    },
  };
}

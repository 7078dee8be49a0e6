import { Signal, effect, inject, signal, untracked } from '@angular/core';
import { TidewireError } from '@tidewire/client';

import { ChatMessage, chat } from './chat-channel';
import { FrameBatch } from './frame-batch';
import { Me } from './me';
import { randomId } from './random';
import { TIDEWIRE } from './tidewire';
import { EMPTY, Happening, Timeline, after } from './timeline';

/** The room on the page is opened with this many of its last messages. */
const LAST = 50;

/** A room one is in: what was said there, and how to say something. */
export interface Room {
  readonly timeline: Signal<Timeline>;
  say(text: string): void;
  retry(message: ChatMessage): void;
}

/** Subscribes to the room of that name, and to the next one when the name changes, until its injector is destroyed. */
export function injectRoom(name: Signal<string>): Room {
  const client = inject(TIDEWIRE);
  const me = inject(Me);
  const timeline = signal(EMPTY);
  const batch = new FrameBatch<Happening>(happenings =>
    timeline.update(before => happenings.reduce(after, before)),
  );

  effect(onCleanup => {
    const channel = client.channel(chat, { room: name() });
    timeline.set(EMPTY);

    let live = client.status === 'live';
    const stopFollowing = client.on('status', () => {
      const lost = live && client.status !== 'live';
      live = client.status === 'live';
      if (lost) batch.add({ kind: 'lost', at: Date.now() });
    });

    const subscription = channel.subscribe(
      {
        subscribed: ({ replayed, recovered }) =>
          batch.add({ kind: 'subscribed', at: Date.now(), replayed, recovered }),
        gap: gap => batch.add({ kind: 'gap', at: Date.now(), gap }),
        message: (message, { position, replayed }) =>
          batch.add({ kind: 'received', message, position, replayed }),
        error: error => batch.add({ kind: 'trouble', why: error.message }),
      },
      { last: LAST },
    );

    onCleanup(() => {
      subscription.close();
      stopFollowing();
      batch.drop();
    });
  });

  async function publish(message: ChatMessage): Promise<void> {
    const room = untracked(name);
    const tell = (happening: Happening) => untracked(name) === room && batch.add(happening);
    tell({ kind: 'sending', message });
    try {
      await client.channel(chat, { room }).publish(message);
      tell({ kind: 'sent', id: message.id });
    } catch (error) {
      tell({ kind: 'failed', id: message.id, why: reasonOf(error) });
    }
  }

  return {
    timeline: timeline.asReadonly(),
    say: text => publish({ id: randomId(), author: me.author(), text, at: Date.now() }),
    retry: message => publish(message),
  };
}

function reasonOf(error: unknown): string {
  return error instanceof TidewireError ? error.message : 'The page could not send it.';
}

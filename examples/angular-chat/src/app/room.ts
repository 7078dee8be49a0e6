import { DestroyRef, Signal, effect, inject, signal, untracked } from '@angular/core';
import { TidewireError } from '@tidewire/client';

import { Absence } from './absence';
import { ChatMessage, chat } from './chat-channel';
import { FrameBatch } from './frame-batch';
import { Me } from './me';
import { randomId } from './random';
import { TIDEWIRE } from './tidewire';
import { EMPTY, Gap, Happening, Timeline, after } from './timeline';

/** A room is opened with this many of its last messages. */
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

  const absence = new Absence(Date.now());
  const tick = () => absence.tick(Date.now(), navigator.onLine);
  const ticking = setInterval(tick, 1000);
  inject(DestroyRef).onDestroy(() => clearInterval(ticking));

  effect(onCleanup => {
    const channel = client.channel(chat, { room: name() });
    timeline.set(EMPTY);

    let live = client.status === 'live';
    const stopFollowing = client.on('status', () => {
      const lost = live && client.status !== 'live';
      live = client.status === 'live';
      if (!lost) return;
      tick();
      batch.add({ kind: 'lost', at: absence.began(Date.now()) });
    });

    // After a reset only what is new arrives. What the log still holds of before, one reads.
    const recall = async () => {
      try {
        const { publications } = await channel.history({ limit: LAST });
        if (subscription.status === 'closed') return;
        const logged = publications.map(({ data, meta }) => ({ message: data, position: meta.position }));
        batch.add({ kind: 'recalled', logged });
      } catch (error) {
        batch.add({ kind: 'trouble', why: reasonOf(error) });
      }
    };

    const subscription = channel.subscribe(
      {
        subscribed: ({ replayed, recovered }) =>
          batch.add({ kind: 'subscribed', at: Date.now(), replayed, recovered }),
        gap: gap => {
          batch.add({ kind: 'gap', at: Date.now(), gap });
          if (isReset(gap)) void recall();
        },
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

/** Whether the gap is of the log, not of one author's messages. */
function isReset({ reason }: Gap): boolean {
  return reason === 'trimmed' || reason === 'rolled_back' || reason === 'replaced';
}

function reasonOf(error: unknown): string {
  return error instanceof TidewireError ? error.message : String(error);
}

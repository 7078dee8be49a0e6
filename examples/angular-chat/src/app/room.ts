import { DestroyRef, Signal, inject, untracked } from '@angular/core';
import { Crowd, Gap, TidewireError, injectChannel, injectFrameSignal } from '@tidewire/angular';

import { Absence } from './absence';
import { ChatMessage, chat } from './chat-channel';
import { Me } from './me';
import { randomId } from './random';
import { EMPTY, Happening, Timeline, after } from './timeline';

/** A room is opened with this many of its last messages. */
const LAST = 50;

/** A room one is in: what was said there, and how to say something. */
export interface Room {
  readonly timeline: Signal<Timeline>;
  /** Who is there, oneself too, as far as is known. */
  readonly presence: Signal<Crowd | undefined>;
  say(text: string): Promise<void>;
  retry(message: ChatMessage): Promise<void>;
}

/** Follows the room of that name, and the next one when the name changes, until its injector is destroyed. */
export function injectRoom(name: Signal<string>): Room {
  const me = inject(Me);
  const absence = injectAbsence();
  let timeline = EMPTY;
  const shown = injectFrameSignal(() => timeline);
  const tell = (happening: Happening) => {
    timeline = after(timeline, happening);
    shown.changed();
  };

  const channel = injectChannel(chat, () => ({ room: name() }), {
    last: LAST,
    // The timeline keeps them, with what else happened between them.
    keep: 0,
    presence: true,
    on: {
      opened: () => {
        timeline = EMPTY;
        shown.refresh();
      },
      lost: () => tell({ kind: 'lost', at: absence.began(Date.now()) }),
      subscribed: ({ replayed, recovered }) =>
        tell({ kind: 'subscribed', at: Date.now(), replayed, recovered }),
      gap: gap => {
        tell({ kind: 'gap', at: Date.now(), gap });
        if (isReset(gap)) void recall();
      },
      message: (message, { position, replayed }) => tell({ kind: 'received', message, position, replayed }),
      error: error => tell({ kind: 'trouble', why: error.message }),
    },
  });

  /** Tells of something only as long as one is in the room where it began. */
  const tellHere = () => {
    const here = untracked(name);
    return (happening: Happening) => untracked(name) === here && tell(happening);
  };

  /** After a reset only what is new arrives. What the log still holds of before, one reads. */
  async function recall(): Promise<void> {
    const tell = tellHere();
    try {
      const { publications } = await channel.history({ limit: LAST });
      const logged = publications.map(({ data, meta }) => ({ message: data, position: meta.position }));
      tell({ kind: 'recalled', logged });
    } catch (error) {
      tell({ kind: 'trouble', why: reasonOf(error) });
    }
  }

  async function publish(message: ChatMessage): Promise<void> {
    const tell = tellHere();
    tell({ kind: 'sending', message });
    try {
      await channel.publish(message);
      tell({ kind: 'sent', id: message.id });
    } catch (error) {
      tell({ kind: 'failed', id: message.id, why: reasonOf(error) });
    }
  }

  return {
    timeline: shown,
    presence: channel.presence,
    say: text => publish({ id: randomId(), author: me.author(), text, at: Date.now() }),
    retry: publish,
  };
}

/** Watches, once a second, whether the page is awake and the network there. */
function injectAbsence(): { began(now: number): number } {
  const absence = new Absence(Date.now());
  const tick = () => absence.tick(Date.now(), navigator.onLine);
  const ticking = setInterval(tick, 1000);
  inject(DestroyRef).onDestroy(() => clearInterval(ticking));
  return {
    began(now) {
      tick();
      return absence.began(now);
    },
  };
}

/** Whether the gap is of the log, not of one author's messages. */
function isReset({ reason }: Gap): boolean {
  return reason === 'trimmed' || reason === 'rolled_back' || reason === 'replaced';
}

function reasonOf(error: unknown): string {
  return error instanceof TidewireError ? error.message : String(error);
}

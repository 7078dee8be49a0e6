import {
  Component,
  DestroyRef,
  ElementRef,
  afterNextRender,
  afterRenderEffect,
  computed,
  inject,
  input,
  output,
  signal,
  untracked,
  viewChild,
} from '@angular/core';

import type { ChatMessage } from './chat-channel';
import { MessageRow } from './message-row';
import { NoteRow } from './note-row';
import type { Entry, Timeline } from './timeline';

/** Messages of one author stand together as long as no more than this lies between, in milliseconds. */
const RUN = 3 * 60_000;
/** This near to the end counts as being at it, in pixels. */
const NEAR = 80;

/** What was said in the room, oldest first; follows the newest unless one has scrolled up. */
@Component({
  selector: 'chat-message-list',
  imports: [MessageRow, NoteRow],
  templateUrl: './message-list.html',
  styleUrl: './message-list.css',
})
export class MessageList {
  readonly room = input.required<string>();
  readonly timeline = input.required<Timeline>();
  readonly authorId = input.required<string>();
  readonly retry = output<ChatMessage>();

  protected readonly following = signal(true);
  protected readonly rows = computed(() => {
    const { entries } = this.timeline();
    return entries.map((entry, index) => ({ entry, first: opensRun(entry, entries[index - 1]) }));
  });
  private readonly scroller = viewChild.required<ElementRef<HTMLElement>>('scroller');

  constructor() {
    const resized = new ResizeObserver(() => this.followNewest());
    inject(DestroyRef).onDestroy(() => resized.disconnect());
    afterNextRender(() => resized.observe(this.scroller().nativeElement));
    afterRenderEffect(() => {
      this.timeline();
      untracked(() => this.followNewest());
    });
  }

  /** Goes to the newest message and stays there. */
  toNewest(): void {
    this.following.set(true);
    this.followNewest();
  }

  private followNewest(): void {
    const { nativeElement } = this.scroller();
    if (this.following()) nativeElement.scrollTop = nativeElement.scrollHeight;
  }

  protected scrolled(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller().nativeElement;
    this.following.set(scrollHeight - scrollTop - clientHeight < NEAR);
  }
}

function opensRun(entry: Entry, before: Entry | undefined): boolean {
  if (entry.kind !== 'said' || before?.kind !== 'said') return true;
  const { message } = entry;
  return message.author.id !== before.message.author.id || message.at - before.message.at > RUN;
}

import { Component, computed, input, output } from '@angular/core';

import { Avatar, hueOf } from './avatar';
import type { ChatMessage } from './chat-channel';

/** How far a message has come: in the room's log, or still on its way there. */
export type Delivery = 'delivered' | 'sending' | 'sent' | 'failed';

const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** One message, as its author's or as one's own. */
@Component({
  selector: 'chat-message-row',
  imports: [Avatar],
  template: `
    @if (first() && !own()) {
      <chat-avatar [author]="message().author" />
      <span class="author">{{ message().author.name }}</span>
    }
    <div class="line">
      <p class="bubble">
        <span class="visually-hidden">{{ own() ? 'You' : message().author.name }}: </span>
        <span class="text" [textContent]="message().text"></span>
      </p>
      <span class="meta" [title]="position() ? 'position ' + position() : ''">
        @if (missed()) {
          <span class="missed">replayed</span>
        }
        <time [attr.datetime]="when().toISOString()">{{ clock() }}</time>
        @if (own()) {
          @switch (delivery()) {
            @case ('delivered') {
              <span class="tick" role="img" aria-label="delivered">✓</span>
            }
            @case ('sent') {
              <span>sent</span>
            }
            @case ('sending') {
              <span>sending…</span>
            }
            @case ('failed') {
              <span class="why">not sent</span>
            }
          }
        }
      </span>
    </div>
    @if (delivery() === 'failed') {
      <p class="why reason">
        {{ why() }}
        <button type="button" (click)="retry.emit(message())">Try again</button>
      </p>
    }
  `,
  styleUrl: './message-row.css',
  host: {
    '[class.own]': 'own()',
    '[class.first]': 'first()',
    '[class.sending]': "delivery() === 'sending'",
    '[class.failed]': "delivery() === 'failed'",
    '[style.--hue]': 'hue()',
  },
})
export class MessageRow {
  readonly message = input.required<ChatMessage>();
  readonly own = input.required<boolean>();
  /** Whether it opens a run of messages of one author. */
  readonly first = input.required<boolean>();
  readonly delivery = input<Delivery>('delivered');
  readonly missed = input(false);
  readonly position = input('');
  readonly why = input<string>();
  readonly retry = output<ChatMessage>();

  protected readonly hue = computed(() => hueOf(this.message().author.id));
  protected readonly when = computed(() => new Date(this.message().at));
  protected readonly clock = computed(() => {
    const today = this.when().toDateString() === new Date().toDateString();
    return (today ? CLOCK : DAY).format(this.when());
  });
}

import { Component, computed, input } from '@angular/core';

import type { Note } from './timeline';
import { wording } from './wording';

/** A word about the connection between the messages: what was missed, and whether it came back. */
@Component({
  selector: 'chat-note-row',
  template: `
    <p class="short">
      <span class="sign" aria-hidden="true">{{ good() ? '✓' : '!' }}</span>{{ words().short }}
    </p>
    @if (words().long; as long) {
      <p class="long">{{ long }}</p>
    }
  `,
  styles: `
    :host {
      display: block;
      margin: 1rem auto 0.4rem;
      max-width: 34rem;
      padding: 0.55rem 1rem;
      border-radius: 0.9rem;
      text-align: center;
      font-size: 0.88rem;
      color: var(--accent-ink);
      background: var(--accent-soft);
    }
    :host(.bad) {
      color: var(--bad-ink);
      background: var(--bad);
    }
    .short {
      font-weight: 650;
    }
    .sign {
      margin-right: 0.5rem;
    }
    .long {
      margin-top: 0.15rem;
      text-wrap: balance;
    }
  `,
  host: { '[class.bad]': '!good()' },
})
export class NoteRow {
  readonly note = input.required<Note>();
  protected readonly good = computed(() => this.note().kind === 'return');
  protected readonly words = computed(() => wording(this.note()));
}

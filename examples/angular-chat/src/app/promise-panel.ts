import { Component, input, signal } from '@angular/core';

import type { Figures } from './timeline';

/** What Tidewire promises, the figures that show it kept, and what to try. */
@Component({
  selector: 'chat-promise-panel',
  templateUrl: './promise-panel.html',
  styleUrl: './promise-panel.css',
  host: { '[class.unfolded]': 'unfolded()' },
})
export class PromisePanel {
  readonly figures = input.required<Figures>();

  /** On a narrow page it is folded to one line. */
  protected readonly unfolded = signal(false);
  protected readonly address = () => location.href;
}

import { Component, computed, input } from '@angular/core';

import type { Figures } from './page-figures';

/** What the page measures of itself. */
@Component({
  selector: 'board-figures',
  templateUrl: './figures-panel.html',
  styleUrl: './figures-panel.css',
})
export class FiguresPanel {
  readonly figures = input.required<Figures>();

  protected readonly painted = computed(() =>
    this.figures().painted.map((time, place) => ({ share: [50, 95, 99][place], time: milliseconds(time) })),
  );
  protected readonly age = computed(() => milliseconds(this.figures().age));
  protected readonly passesTooMany = computed(
    () => this.figures().passesPerSecond > this.figures().framesPerSecond + 1,
  );
  protected readonly address = () => location.href;
}

function milliseconds(time: number | undefined): string {
  if (time === undefined) return '–';
  return `${time < 100 ? time.toFixed(1) : time.toFixed(0)} ms`;
}

import { Component, afterEveryRender, signal } from '@angular/core';

import { Board } from '../../../examples/angular-dashboard/src/app/board';
import { INSTRUMENTS } from '../../../examples/angular-dashboard/src/app/instruments';
import { QuoteTable } from '../../../examples/angular-dashboard/src/app/quote-table';
import { afterPaint, clock } from './frames';
import type { Way } from './update';
import { longPolling, polling } from './ways/polling';
import { socketIo, webSocket } from './ways/sockets';
import { tidewire } from './ways/tidewire';

const WAYS: Record<string, Way> = {
  'polling each second': polling,
  'long polling': longPolling,
  'WebSocket, zone.js': webSocket,
  'WebSocket, zoneless': webSocket,
  'Socket.IO': socketIo,
  Tidewire: tidewire,
};

/** What the page has seen, for the program that drives it. */
const seen = {
  /** Whether it looks at all: that costs too. */
  isWatching: true,
  passes: 0,
  frames: 0,
  /** At these moments, all updates up to these were painted. */
  painted: [] as [at: number, seq: number][],
  longTasks: [] as number[],
  /** The longest event of each interaction. */
  interactions: {} as Record<number, number>,
};

/** The dashboard's own table, and a field to type into. */
@Component({
  selector: 'bench-page',
  imports: [QuoteTable],
  template: `
    <input aria-label="Note" (input)="note.set($any($event.target).value)" />
    <output>{{ note() }}</output>
    <board-quotes [rows]="board.rows" />
  `,
  styles: `
    :host {
      display: grid;
      grid-template: auto auto minmax(0, 1fr) / minmax(0, 1fr);
      height: 100dvh;
    }
  `,
})
export class Page {
  protected readonly note = signal('');
  protected readonly board = new Board(INSTRUMENTS);
  #taken = 0;
  #shown = 0;
  #painted = 0;

  constructor() {
    const way = WAYS[new URLSearchParams(location.search).get('way') ?? ''];
    if (!way) throw new Error(`ways are ${Object.keys(WAYS).join(', ')}`);
    way.start(
      ({ seq, row, price, volume }) => {
        this.#taken = Math.max(this.#taken, seq);
        this.board.take({ ticks: [[row, price, volume]] });
      },
      () => {
        this.#shown = this.#taken;
        this.board.show();
      },
    );
    afterEveryRender(() => {
      seen.passes++;
      if (!seen.isWatching) return;
      const shown = this.#shown;
      if (shown === this.#painted) return;
      this.#painted = shown;
      afterPaint(() => seen.painted.push([clock(), shown]));
    });
  }
}

const count = () => {
  seen.frames++;
  if (seen.isWatching) requestAnimationFrame(count);
};
requestAnimationFrame(count);

new PerformanceObserver(list =>
  seen.longTasks.push(...list.getEntries().map(({ duration }) => duration)),
).observe({
  type: 'longtask',
});
new PerformanceObserver(list => {
  for (const entry of list.getEntries() as PerformanceEventTiming[]) {
    const { interactionId, duration } = entry as PerformanceEventTiming & { interactionId: number };
    if (interactionId)
      seen.interactions[interactionId] = Math.max(seen.interactions[interactionId] ?? 0, duration);
  }
}).observe({ type: 'event', durationThreshold: 16, buffered: false } as PerformanceObserverInit);

Object.assign(globalThis, { seen });

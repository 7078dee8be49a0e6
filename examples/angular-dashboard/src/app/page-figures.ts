import { DestroyRef, Injectable, afterEveryRender, inject, signal } from '@angular/core';

import type { Batch } from './market-channel';
import { Spread } from './spread';

/** What the page tells of itself, over the last few seconds. Times in milliseconds. */
export interface Figures {
  readonly updatesPerSecond: number;
  /** From the feed's publish to the painted frame; for 50, 95 and 99 of a hundred updates no longer than that. */
  readonly painted: readonly (number | undefined)[];
  /** How old the newest update on the board is, in the mean over all frames. */
  readonly age: number | undefined;
  readonly framesPerSecond: number;
  /** Passes of change detection. */
  readonly passesPerSecond: number;
  /** Tasks of more than 50 ms, during which the page hears nobody; since it is open. */
  readonly longTasks: number;
  /** How many messages came again after a loss of the connection. */
  readonly replayed: number;
  readonly gaps: number;
}

const SECONDS = 5;

/** Measures the page while it runs. Publish to frame is right where the feed's clock is the page's. */
@Injectable({ providedIn: 'root' })
export class PageFigures {
  readonly #painted = new Spread(SECONDS);
  readonly #ages = new Spread(SECONDS);
  readonly #afterPaint = new MessageChannel();
  #counts = { updates: 0, frames: 0, passes: 0 };
  #longTasks = 0;
  #wasLive = false;
  #replayed = 0;
  #gaps = 0;
  /** When the updates were published that the next frame shows. */
  #coming: number[] = [];
  /** The same of a frame that is being painted. */
  #painting: number[] = [];
  #newest: number | undefined;
  readonly #figures = signal<Figures>(this.#now(1));

  /** Once per second. */
  readonly figures = this.#figures.asReadonly();

  constructor() {
    // What is posted in a frame arrives when the frame is painted.
    this.#afterPaint.port1.onmessage = () => this.#isPainted();
    afterEveryRender(() => this.#counts.passes++);
    const stops = [this.#countFrames(), this.#countLongTasks(), this.#tellEverySecond()];
    inject(DestroyRef).onDestroy(() => {
      for (const stop of stops) stop();
      this.#afterPaint.port1.close();
    });
  }

  /** The channel is live: the first time, or again, with so many messages that were missed. */
  live(replayed: number): void {
    if (this.#wasLive) this.#replayed += replayed;
    this.#wasLive = true;
  }

  received({ at, ticks }: Batch, replayed: boolean): void {
    this.#counts.updates += ticks.length;
    this.#newest = at;
    // What was published while the page was away says nothing of how fast it is.
    if (!replayed) for (const _ of ticks) this.#coming.push(at);
  }

  gap(): void {
    this.#gaps++;
  }

  /** All that was received is shown by this frame. */
  showing(): void {
    // A hidden page paints nothing.
    if (!document.hidden) this.#painting.push(...this.#coming);
    this.#coming = [];
    if (this.#painting.length) this.#afterPaint.port2.postMessage(undefined);
  }

  #isPainted(): void {
    const now = clock();
    for (const at of this.#painting) this.#painted.add(now - at);
    this.#painting = [];
  }

  #countFrames(): () => void {
    let frame = 0;
    const count = () => {
      this.#counts.frames++;
      if (this.#newest !== undefined) this.#ages.add(clock() - this.#newest);
      frame = requestAnimationFrame(count);
    };
    frame = requestAnimationFrame(count);
    return () => cancelAnimationFrame(frame);
  }

  #countLongTasks(): () => void {
    if (!globalThis.PerformanceObserver?.supportedEntryTypes?.includes('longtask')) return () => {};
    const observer = new PerformanceObserver(list => (this.#longTasks += list.getEntries().length));
    observer.observe({ type: 'longtask' });
    return () => observer.disconnect();
  }

  #tellEverySecond(): () => void {
    let since = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      this.#figures.set(this.#now((now - since) / 1000));
      since = now;
      this.#counts = { updates: 0, frames: 0, passes: 0 };
      this.#painted.turn();
      this.#ages.turn();
    }, 1000);
    return () => clearInterval(timer);
  }

  #now(seconds: number): Figures {
    const { updates, frames, passes } = this.#counts;
    const perSecond = (count: number) => Math.round(count / seconds);
    return {
      updatesPerSecond: perSecond(updates),
      painted: this.#painted.percentiles(0.5, 0.95, 0.99),
      age: this.#ages.mean(),
      framesPerSecond: perSecond(frames),
      passesPerSecond: perSecond(passes),
      longTasks: this.#longTasks,
      replayed: this.#replayed,
      gaps: this.#gaps,
    };
  }
}

/** Milliseconds since 1970, with a fraction. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

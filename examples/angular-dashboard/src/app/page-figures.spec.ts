import { TestBed } from '@angular/core/testing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { PageFigures } from './page-figures';

let figures: PageFigures;
let posted: (() => void)[];

/** Whose messages arrive when the test says so. */
class Channel {
  readonly port1 = { onmessage: undefined as (() => void) | undefined, close: () => {} };
  readonly port2 = { postMessage: () => void posted.push(() => this.port1.onmessage?.()) };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'], now: 0 });
  posted = [];
  vi.stubGlobal('MessageChannel', Channel);
  TestBed.resetTestingModule();
  figures = TestBed.inject(PageFigures);
});
afterEach(() => {
  TestBed.resetTestingModule();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const clock = () => performance.timeOrigin + performance.now();
/** The frame is painted. */
function isPainted(): void {
  for (const arrive of posted.splice(0)) arrive();
}

it('measures from the publish to what comes after the frame', () => {
  figures.received({ at: clock() - 30, ticks: [[0, 1, 1]] }, false);
  figures.received({ at: clock() - 10, ticks: [[0, 2, 2]] }, false);
  figures.showing();
  isPainted();
  vi.advanceTimersByTime(1000);

  const { painted, updatesPerSecond } = figures.figures();
  expect(painted[0]).toBeCloseTo(30, 3);
  expect(updatesPerSecond).toBe(2);
});

it('does not count against the page what it missed while it was away', () => {
  figures.live(256);
  figures.live(1);
  figures.received({ at: clock() - 60_000, ticks: [[0, 1, 1]] }, true);
  figures.showing();
  isPainted();
  vi.advanceTimersByTime(1000);

  expect(figures.figures().painted).toEqual([undefined, undefined, undefined]);
  expect(figures.figures().replayed).toBe(1);
});

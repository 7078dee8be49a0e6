import { beforeEach, vi } from 'vitest';
import { inFrame, notInFrame } from '../../src/frames.ts';

/** Those that wait for the page's next frame, anew in each test; it comes when `frame` is called. */
export const frames = new Map<number, () => void>();

beforeEach(() => {
  noneHasCome();
  frames.clear();
  let last = 0;
  vi.stubGlobal('requestAnimationFrame', (show: () => void) => (frames.set(++last, show), last));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
});

/** Ends the timer that a frame leaves, in case others stay away. */
export function noneHasCome(): void {
  inFrame(0, noneHasCome);
  notInFrame(noneHasCome);
}

/** The next frame comes. */
export function frame(): void {
  const due = [...frames.values()];
  frames.clear();
  for (const show of due) show();
}

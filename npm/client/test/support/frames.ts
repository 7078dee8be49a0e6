import { beforeEach, vi } from 'vitest';

/** Those that wait for the page's next frame, anew in each test; it comes when `frame` is called. */
export const frames = new Map<number, () => void>();

beforeEach(() => {
  frames.clear();
  let last = 0;
  vi.stubGlobal('requestAnimationFrame', (show: () => void) => (frames.set(++last, show), last));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
});

/** The next frame comes. */
export function frame(): void {
  const due = [...frames.values()];
  frames.clear();
  for (const show of due) show();
}

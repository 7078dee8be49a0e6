import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { FrameBatch } from './frame-batch';

let frames: (() => void)[];

beforeEach(() => {
  frames = [];
  vi.useFakeTimers();
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => frames.push(callback));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => (frames[frame - 1] = () => {}));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('hands over in one go what arrives between two frames, in order', () => {
  const applied: number[][] = [];
  const batch = new FrameBatch<number>(numbers => applied.push(numbers));

  [1, 2, 3].forEach(number => batch.add(number));
  frames.forEach(frame => frame());
  batch.add(4);
  frames.forEach(frame => frame());

  expect(applied).toEqual([[1, 2, 3], [4]]);
});

it('does not wait for a frame in a window that nobody sees', () => {
  const applied: number[][] = [];
  const batch = new FrameBatch<number>(numbers => applied.push(numbers));

  batch.add(1);
  vi.advanceTimersByTime(1000);

  expect(applied).toEqual([[1]]);
});

it('hands over nothing more once dropped', () => {
  const apply = vi.fn();
  const batch = new FrameBatch<number>(apply);

  batch.add(1);
  batch.drop();
  frames.forEach(frame => frame());
  vi.advanceTimersByTime(1000);

  expect(apply).not.toHaveBeenCalled();
});

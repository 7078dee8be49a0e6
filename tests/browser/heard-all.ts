import assert from 'node:assert/strict';
import type { Heard } from './stage.ts';

export const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

/** Once each, in order, with no gap told, and no resumption that was none. */
export function heardAll(heard: Heard, count: number): void {
  assert.deepEqual(heard.numbers, numbers(count));
  assert.deepEqual(heard.gaps, [], 'a gap was told');
  const [, ...again] = heard.lives;
  assert.ok(
    again.every(live => live.recovered),
    `not each time recovered: ${JSON.stringify(heard.lives)}`,
  );
  assert.deepEqual(heard.errors, []);
}

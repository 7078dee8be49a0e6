import { expect, it } from 'vitest';

import { Market } from './market.ts';

it('has a tick of every row within 2,500', () => {
  const rows = new Market(7).ticks(2500).map(([row]) => row);
  expect(new Set(rows).size).toBe(500);
});

it('is the same market for the same seed', () => {
  expect(new Market(7).ticks(10)).toEqual(new Market(7).ticks(10));
  expect(new Market(7).ticks(10)).not.toEqual(new Market(8).ticks(10));
});

it('has prices and volumes', () => {
  for (const [, price, volume] of new Market(7).ticks(10_000)) {
    expect(price).toBeGreaterThanOrEqual(1);
    expect(Number.isInteger(volume)).toBe(true);
  }
});

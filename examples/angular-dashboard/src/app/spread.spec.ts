import { expect, it } from 'vitest';

import { Spread } from './spread';

it('says how times are spread', () => {
  const spread = new Spread(5);
  expect(spread.percentiles(0.5)).toEqual([undefined]);
  for (let time = 100; time > 0; time--) spread.add(time);

  expect(spread.percentiles(0.5, 0.95, 0.99)).toEqual([51, 96, 100]);
  expect(spread.mean()).toBe(50.5);
});

it('forgets what is older than its seconds', () => {
  const spread = new Spread(2);
  spread.add(1);
  spread.turn();
  spread.add(2);
  expect(spread.mean()).toBe(1.5);

  spread.turn();
  expect(spread.mean()).toBe(2);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latencies, meanAge, median, percentile } from './ways.ts';

/** Updates 1, 2, 3 … were published then. */
const publishedAt = [0, 100, 110, 120, 130];

test('an update has taken until it, or a newer one, was painted', () => {
  const painted = [
    [116, 1],
    [133, 3],
    [150, 4],
  ] as const;
  assert.deepEqual(latencies(publishedAt, painted, 0, 1000), [13, 16, 20, 23]);
  assert.deepEqual(latencies(publishedAt, painted, 115, 125), [13]);
});

test('what was never painted takes for ever', () => {
  assert.deepEqual(latencies(publishedAt, [[116, 3]], 125, 1000), [Infinity]);
});

test('the age is that of the newest update to be seen', () => {
  const painted = [
    [110, 1],
    [130, 3],
  ] as const;
  assert.equal(meanAge(publishedAt, painted, 110, 130), 19.5);
  assert.equal(meanAge(publishedAt, painted, 130, 132), 10.5);
});

test('shares of many', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(percentile([1, 2, 3, 4], 0.99), 4);
});

import { expect, it } from 'vitest';

import { duration, wording } from './wording';

it('says that nothing is lost only of a return', () => {
  expect(wording({ kind: 'return', away: 12_300, replayed: 5 }).short).toBe(
    'You were away 12 s — 5 messages replayed, none lost',
  );
  expect(wording({ kind: 'return', away: 2000, replayed: 1 }).short).toBe(
    'You were away 2 s — 1 message replayed, none lost',
  );
});

it.each(['trimmed', 'replaced', 'rolled_back', 'missing', 'a reason of a later server'])(
  'explains a gap: %s',
  reason => {
    const { short, long } = wording({ kind: 'gap', away: 420_000, gap: { reason, count: 3 } });
    expect(short).toBe('3 messages missing here');
    expect(long).toMatch(/\.$/);
  },
);

it.each([
  [300, '1 s'],
  [59_400, '59 s'],
  [180_000, '3 min'],
  [7_500_000, '2 h 5 min'],
])('says %d ms as %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text);
});

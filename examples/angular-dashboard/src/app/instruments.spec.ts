import { expect, it } from 'vitest';

import { INSTRUMENTS } from './instruments';

it('has five hundred instruments, each with a symbol of its own', () => {
  expect(new Set(INSTRUMENTS.map(({ symbol }) => symbol)).size).toBe(500);
});

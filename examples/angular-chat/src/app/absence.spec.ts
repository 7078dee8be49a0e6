import { expect, it } from 'vitest';

import { Absence } from './absence';

const awake = (from: number, until: number, absence: Absence, online = true) => {
  for (let now = from; now <= until; now += 1000) absence.tick(now, online);
};

it('begins when it is discovered, in a page that is awake', () => {
  const absence = new Absence(0);
  awake(1000, 60_000, absence);

  expect(absence.began(60_400)).toBe(60_400);
});

it('begins with the page’s sleep, though discovered seconds after it', () => {
  const absence = new Absence(0);
  awake(1000, 20_000, absence);
  awake(3_600_000, 3_604_000, absence);

  expect(absence.began(3_604_500)).toBe(20_000);
});

it('begins with the network’s outage', () => {
  const absence = new Absence(0);
  awake(1000, 20_000, absence);
  awake(21_000, 50_000, absence, false);
  awake(51_000, 54_000, absence);

  expect(absence.began(54_200)).toBe(20_000);
});

it('has nothing to do with a sleep that the connection survived', () => {
  const absence = new Absence(0);
  awake(60_000, 90_000, absence);

  expect(absence.began(90_500)).toBe(90_500);
});

it('is not stretched by a hidden page whose timers come once a minute', () => {
  const absence = new Absence(0);
  for (let minute = 1; minute < 10; minute++) absence.tick(minute * 60_000, true);

  expect(absence.began(9 * 60_000 + 30_000)).toBe(9 * 60_000 + 30_000);
});

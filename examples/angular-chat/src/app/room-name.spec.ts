import { expect, it } from 'vitest';

import { addressOf, roomName } from './room-name';

it.each([
  ['Harbour Café ', 'harbour-café'],
  ['  #Night watch!  ', 'night-watch'],
  ['../../etc', 'etc'],
  ['', 'lobby'],
  ['???', 'lobby'],
])('makes of %j the room %s', (typed, name) => {
  expect(roomName(typed)).toBe(name);
});

it('keeps the rest of the address when it changes the room', () => {
  expect(addressOf('night-watch', 'http://localhost:4200/?server=localhost:7800&room=lobby')).toBe(
    'http://localhost:4200/?server=localhost%3A7800&room=night-watch',
  );
});

import { TestBed } from '@angular/core/testing';
import { TestServer, provideTidewireTesting } from '@tidewire/angular/testing';
import { beforeEach, expect, it } from 'vitest';

import { Board, injectBoard } from './board';
import type { Batch } from './market-channel';

const instruments = [
  { symbol: 'ALPHA', sector: 'Glass', open: 100 },
  { symbol: 'BRAVO', sector: 'Grain', open: 50 },
];

it('shows of each row the newest, and which way it went', () => {
  const board = new Board(instruments);
  const [alpha, bravo] = board.rows;
  board.take({ ticks: [[0, 101, 10]] });
  board.show();
  expect(alpha?.quote()).toMatchObject({ price: 101, volume: 10, direction: 'level' });
  expect(alpha?.quote()?.change).toBeCloseTo(1);

  board.take({ ticks: [[0, 90, 20]] });
  board.take({ ticks: [[0, 99, 30]] });
  expect(alpha?.quote()?.price).toBe(101);

  expect(board.show()).toBe(1);
  expect(alpha?.quote()).toMatchObject({ price: 99, volume: 30, direction: 'down' });
  expect(bravo?.quote()).toBeUndefined();
});

let server: TestServer;

beforeEach(() => {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  server = TestBed.inject(TestServer);
});

/** When the page shows all that was told. */
async function settled(): Promise<void> {
  TestBed.tick();
  await new Promise(resolve => setTimeout(resolve));
}

const batch = (...ticks: Batch['ticks']): Batch => ({ at: 0, ticks });

it('begins with what was published before, and goes on with what comes', async () => {
  server.publish('market:all', batch([0, 21, 1], [499, 5, 2]));
  const { rows, status } = TestBed.runInInjectionContext(injectBoard);
  await settled();
  server.publish('market:all', batch([0, 22, 3]));
  await settled();

  expect(status()).toBe('live');
  expect(rows[0]?.quote()).toMatchObject({ price: 22, volume: 3, direction: 'up' });
  expect(rows[499]?.quote()).toMatchObject({ price: 5, volume: 2 });
});

it('has nothing missing after a loss', async () => {
  const { rows } = TestBed.runInInjectionContext(injectBoard);
  await settled();
  server.disconnect();
  await settled();
  server.publish('market:all', batch([7, 70, 1]));
  server.reconnect();
  await settled();

  expect(rows[7]?.quote()?.price).toBe(70);
});

it('leaves out what names no row', async () => {
  const { rows } = TestBed.runInInjectionContext(injectBoard);
  await settled();
  server.publish('market:all', batch([500, 1, 1]));
  server.publish('market:all', batch([1, 2, 3]));
  await settled();

  expect(rows[1]?.quote()?.price).toBe(2);
});

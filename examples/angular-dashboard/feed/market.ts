import { INSTRUMENTS } from '../src/app/instruments.ts';

/** Row, price and volume of the day. */
export type Tick = [row: number, price: number, volume: number];

/** A market whose prices wander; by its seed always the same one. */
export class Market {
  readonly #rows = INSTRUMENTS.map(({ open }) => ({ price: open, volume: 0 }));
  #random: number;
  #turn = 0;

  constructor(seed: number) {
    this.#random = seed >>> 0;
  }

  /** So many ticks. Every fifth goes round the rows, so that none stays without; the others come as they like. */
  ticks(count: number): Tick[] {
    return Array.from({ length: count }, (_, place) => {
      const row = place % 5 ? Math.floor(this.#draw() * this.#rows.length) : this.#turn++ % this.#rows.length;
      const state = this.#rows[row]!;
      state.price = Math.max(1, state.price * (1 + (this.#draw() - 0.5) * 0.004));
      state.volume += 1 + Math.floor(this.#draw() * 400);
      return [row, Math.round(state.price * 100) / 100, state.volume];
    });
  }

  /** At least 0, below 1 (Mulberry32). */
  #draw(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let mixed = this.#random;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

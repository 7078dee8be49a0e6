import { Signal, WritableSignal, inject, signal } from '@angular/core';
import { ChannelStatus, injectChannel, injectFrameSignal } from '@tidewire/angular';

import { INSTRUMENTS, Instrument } from './instruments';
import { Batch, market } from './market-channel';
import { PageFigures } from './page-figures';

/** The newest that is known of an instrument. */
export interface Quote {
  readonly price: number;
  /** Since the opening, in percent. */
  readonly change: number;
  readonly volume: number;
  /** Against the price that was shown before. */
  readonly direction: 'up' | 'down' | 'level';
}

/** One row; who shows it hears of nothing but this row's changes. */
export interface Row {
  readonly instrument: Instrument;
  readonly quote: Signal<Quote | undefined>;
}

/** The log holds at least so many batches, and they hold nearly every row. */
const LAST = 256;

/** Keeps what has come, and shows it when asked: of a row that changed ten times meanwhile, the newest. */
export class Board {
  readonly rows: readonly Row[];
  readonly #quotes: readonly WritableSignal<Quote | undefined>[];
  readonly #changed = new Map<number, readonly [price: number, volume: number]>();

  constructor(instruments: readonly Instrument[]) {
    this.#quotes = instruments.map(() => signal<Quote | undefined>(undefined));
    this.rows = instruments.map((instrument, row) => ({
      instrument,
      quote: this.#quotes[row]!.asReadonly(),
    }));
  }

  take({ ticks }: Pick<Batch, 'ticks'>): void {
    for (const [row, price, volume] of ticks) this.#changed.set(row, [price, volume]);
  }

  /** Gives how many rows have changed. */
  show(): number {
    const changed = this.#changed.size;
    for (const [row, [price, volume]] of this.#changed) {
      const { open } = this.rows[row]!.instrument;
      this.#quotes[row]!.update(before => ({
        price,
        volume,
        change: (price / open - 1) * 100,
        direction: !before || price === before.price ? 'level' : price > before.price ? 'up' : 'down',
      }));
    }
    this.#changed.clear();
    return changed;
  }
}

/** The board of all instruments, live for as long as its component. */
export function injectBoard(): { readonly rows: readonly Row[]; readonly status: Signal<ChannelStatus> } {
  const figures = inject(PageFigures);
  const board = new Board(INSTRUMENTS);
  const shown = injectFrameSignal(() => {
    figures.showing();
    return board.show();
  });
  const { status } = injectChannel(market, {
    last: LAST,
    // The rows are what is kept.
    keep: 0,
    on: {
      message(batch, { replayed }) {
        board.take(batch);
        figures.received(batch, replayed);
        shown.changed();
      },
      subscribed: ({ replayed }) => figures.live(replayed),
      gap: () => figures.gap(),
    },
  });
  return { rows: board.rows, status };
}

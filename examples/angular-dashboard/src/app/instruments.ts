/** What has a row on the board. */
export interface Instrument {
  readonly symbol: string;
  readonly sector: string;
  /** The price that changes are reckoned from. */
  readonly open: number;
}

const SECTORS = [
  'Shipping',
  'Energy',
  'Metals',
  'Grain',
  'Timber',
  'Fishery',
  'Power',
  'Rail',
  'Textile',
  'Glass',
];
const SYLLABLES = ['BA', 'CO', 'DE', 'FU', 'GI', 'KA', 'LO', 'ME', 'NU', 'RI', 'SA', 'TO', 'VE', 'WU', 'ZI'];
const FINALS = ['L', 'N', 'R'];

/** Five hundred made-up instruments, the same for the feed and the page: a tick names its row by number. */
export const INSTRUMENTS: readonly Instrument[] = Array.from({ length: 500 }, (_, row) => {
  const first = SYLLABLES[row % 15]!;
  const second = SYLLABLES[(Math.floor(row / 15) + row) % 15]!;
  return {
    symbol: first + second + FINALS[Math.floor(row / 225)]!,
    sector: SECTORS[row % SECTORS.length]!,
    open: 20 + ((row * 7919) % 46_000) / 100,
  };
});

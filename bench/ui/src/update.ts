/** One update of one row. */
export interface Update {
  /** 1, 2, 3 … over all rows. */
  readonly seq: number;
  readonly row: number;
  readonly price: number;
  readonly volume: number;
}

/** How updates reach the page. */
export interface Way {
  /** Calls `take` for each update, and `show` when those should be seen. */
  start(take: (update: Update) => void, show: () => void): void;
}

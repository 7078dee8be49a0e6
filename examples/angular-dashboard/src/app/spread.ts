/** The times of the last few seconds, and how they are spread. */
export class Spread {
  /** One list for each second, the newest last. */
  readonly #seconds: number[][] = [[]];
  readonly #most: number;

  constructor(seconds: number) {
    this.#most = seconds;
  }

  add(milliseconds: number): void {
    this.#seconds.at(-1)!.push(milliseconds);
  }

  /** Another second begins. */
  turn(): void {
    this.#seconds.push([]);
    if (this.#seconds.length > this.#most) this.#seconds.shift();
  }

  /** The times below which these shares of all are; undefined while there are none. */
  percentiles(...shares: readonly number[]): (number | undefined)[] {
    const all = this.#seconds.flat().sort((one, other) => one - other);
    return shares.map(share => all[Math.min(all.length - 1, Math.floor(all.length * share))]);
  }

  mean(): number | undefined {
    const all = this.#seconds.flat();
    return all.length ? all.reduce((sum, one) => sum + one, 0) / all.length : undefined;
  }
}

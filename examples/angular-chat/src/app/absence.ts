/** Between two ticks of a page that is awake lies less than this, in milliseconds. */
const ASLEEP = 3000;
/** After a sleep or an outage the client needs up to this long to find out that its connection is dead. */
const DOUBT = 10_000;

/**
 * Since when nothing can have arrived. A page that slept, or whose network was away, learns only afterwards that it
 * lost its connection; the loss then began with the sleep, not with its discovery.
 */
export class Absence {
  private lastTick: number;
  private doubtSince = 0;
  private doubtUntil = 0;

  constructor(now: number) {
    this.lastTick = now;
  }

  /** To be told about once a second whether the network is there. */
  tick(now: number, online: boolean): void {
    if (!online || now - this.lastTick > ASLEEP) {
      if (now >= this.doubtUntil) this.doubtSince = this.lastTick;
      this.doubtUntil = now + DOUBT;
    }
    this.lastTick = now;
  }

  /** When a loss began that is discovered now. */
  began(now: number): number {
    return now < this.doubtUntil ? this.doubtSince : now;
  }
}

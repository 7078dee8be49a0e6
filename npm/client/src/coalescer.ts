/**
 * How often what has come is handed over: once per animation frame, at once, or so many milliseconds after the first
 * thing that was not handed over yet.
 */
export type Coalesce = 'frame' | 'none' | number;

/** In a hidden page no frame comes, elsewhere there may be none at all; then this many milliseconds do. */
const FRAMELESS_MS = 250;

/** Calls a function once for all that asked for it in the meantime. */
export class Coalescer {
  readonly #when: Coalesce;
  readonly #handOver: () => void;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(when: Coalesce, handOver: () => void) {
    this.#when = when;
    this.#handOver = handOver;
  }

  /** There is something to hand over. */
  ask(): void {
    const when = this.#when;
    if (when === 'none') this.#handOver();
    else if (!this.#timer) {
      const handOver = () => {
        this.cancel();
        this.#handOver();
      };
      if (when === 'frame') this.#frame = globalThis.requestAnimationFrame?.(handOver);
      this.#timer = setTimeout(handOver, when === 'frame' ? FRAMELESS_MS : when);
    }
  }

  /** What was asked for comes no more. */
  cancel(): void {
    if (this.#frame) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = this.#timer = undefined;
  }
}

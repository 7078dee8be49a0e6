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
    if (this.#when === 'none') return this.#handOver();
    if (this.#timer !== undefined) return;
    const handOver = () => {
      this.cancel();
      this.#handOver();
    };
    const isFrame = this.#when === 'frame';
    if (isFrame) this.#frame = globalThis.requestAnimationFrame?.(handOver);
    this.#timer = setTimeout(handOver, isFrame ? FRAMELESS_MS : (this.#when as number));
  }

  /** What was asked for comes no more. */
  cancel(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = this.#timer = undefined;
  }
}

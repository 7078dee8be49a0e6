/**
 * How often what has come is shown: once per frame, at once, or so many milliseconds after the first thing that was
 * not shown yet.
 */
export type Coalesce = 'frame' | 'none' | number;

/** In a hidden window no frame comes; then this many milliseconds do. */
const HIDDEN_WINDOW_DELAY = 250;

/** Calls a function once for all that asked for it in the meantime. */
export class Coalescer {
  readonly #when: Coalesce;
  readonly #show: () => void;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(when: Coalesce, show: () => void) {
    this.#when = when;
    this.#show = show;
  }

  /** There is something to show. */
  ask(): void {
    if (this.#when === 'none') return this.#show();
    if (this.#timer !== undefined) return;
    const show = () => {
      this.cancel();
      this.#show();
    };
    if (this.#when === 'frame') this.#frame = requestAnimationFrame(show);
    this.#timer = setTimeout(show, this.#when === 'frame' ? HIDDEN_WINDOW_DELAY : this.#when);
  }

  /** What was asked for comes no more. */
  cancel(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = this.#timer = undefined;
  }
}

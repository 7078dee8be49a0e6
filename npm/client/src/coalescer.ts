import { inFrame, notInFrame, SHOW } from './frames.ts';

/**
 * How often what has come is handed over: once per animation frame, at once, or so many milliseconds after the first
 * thing that was not handed over yet.
 */
export type Coalesce = 'frame' | 'none' | number;

/** Calls a function once for all that asked for it in the meantime. */
export class Coalescer {
  readonly #when: Coalesce;
  readonly #handOver: () => void;
  readonly #part: number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Of a frame, `part` is the last: what subscriptions have handed over in it is there. */
  constructor(when: Coalesce, handOver: () => void, part = SHOW) {
    this.#when = when;
    // A function of its own, so that several may have the same one.
    this.#handOver = () => {
      this.#timer = undefined;
      handOver();
    };
    this.#part = part;
  }

  /** There is something to hand over. */
  ask(): void {
    const when = this.#when;
    if (when === 'none') this.#handOver();
    else if (when === 'frame') inFrame(this.#part, this.#handOver);
    else this.#timer ??= setTimeout(this.#handOver, when);
  }

  /** What was asked for comes no more. */
  cancel(): void {
    if (this.#when === 'frame') notInFrame(this.#handOver);
    // The page is asked for nothing that need not be: this is called for every message.
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

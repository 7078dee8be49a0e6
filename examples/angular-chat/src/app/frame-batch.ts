/** In a hidden window no frame comes; then the batch is applied after this many milliseconds. */
const HIDDEN_WINDOW_DELAY = 250;

/**
 * Gathers what arrives and hands it over once per frame: a thousand messages a second then cost sixty updates of the
 * page, not a thousand.
 */
export class FrameBatch<T> {
  private gathered: T[] = [];
  private frame = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly apply: (gathered: T[]) => void) {}

  add(item: T): void {
    this.gathered.push(item);
    if (this.gathered.length === 1) {
      this.frame = requestAnimationFrame(() => this.flush());
      this.timer = setTimeout(() => this.flush(), HIDDEN_WINDOW_DELAY);
    }
  }

  /** Forgets what has not been handed over. */
  drop(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.gathered = [];
  }

  private flush(): void {
    const gathered = this.gathered;
    this.drop();
    this.apply(gathered);
  }
}

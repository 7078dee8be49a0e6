/** What the module exports, as wasm-bindgen lays client-wasm's `Session` out; kept by xtask's bindgen. */
export interface Exports {
  memory: WebAssembly.Memory;
  session_new(seed: bigint, durable: number): number;
  session_handle(
    session: number,
    now: number,
    kind: number,
    id: number,
    count: number,
    offset: number,
    tag: number,
    textLength: number,
    bytesLength: number,
  ): number;
  session_room(session: number, length: number): number;
  __wbg_session_free(session: number, unused: 0): void;
}

/** One client's session in WebAssembly. What the module does not survive throws `WebAssembly.RuntimeError`. */
export class Session {
  readonly #exports: Exports;
  readonly #session: number;
  #memory = new Uint8Array();
  /** Where the session takes bytes, and how many. */
  #at = 0;
  #room = 0;

  constructor(exports: Exports, seed: bigint, durable = false) {
    this.#exports = exports;
    this.#session = exports.session_new(seed, +durable);
  }

  /** The module's memory. Where it grows it is another, and the one before is empty. */
  get memory(): Uint8Array<ArrayBuffer> {
    if (!this.#memory.length) this.#memory = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer);
    return this.#memory;
  }

  /**
   * Takes in what happened, and gives where in memory it says what is to be done, for `unpack.ts` and until the next
   * call; see client-wasm's `told.rs`.
   */
  handle(
    now: number,
    kind: number,
    id: number,
    count: number,
    offset: number,
    tag: number,
    text: Uint8Array,
    bytes: Uint8Array,
  ): number {
    const length = text.length + bytes.length;
    if (length > this.#room) this.#at = this.#exports.session_room(this.#session, (this.#room = length));
    // To set nothing costs as much as to set a little, and most of what happens has no text.
    if (text.length) this.memory.set(text, this.#at);
    this.memory.set(bytes, this.#at + text.length);
    return this.#exports.session_handle(
      this.#session,
      now,
      kind,
      id,
      count,
      offset,
      tag,
      text.length,
      bytes.length,
    );
  }

  free(): void {
    this.#exports.__wbg_session_free(this.#session, 0);
  }
}

/** What the module exports, as wasm-bindgen lays client-wasm's `Session` out; kept by xtask's bindgen. */
interface Exports {
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
    textAt: number,
    textLength: number,
    bytesAt: number,
    bytesLength: number,
  ): [at: number, length: number];
  __wbg_session_free(session: number, unused: 0): void;
  __wbindgen_malloc(length: number, alignment: 1): number;
  __wbindgen_free(at: number, length: number, alignment: 1): void;
}

/** One client's session in WebAssembly. What the module does not survive throws `WebAssembly.RuntimeError`. */
export class Session {
  readonly #exports: Exports;
  readonly #session: number;
  #bytes = new Uint8Array();

  constructor(exports: Exports, seed: bigint, durable = false) {
    this.#exports = exports;
    this.#session = exports.session_new(seed, +durable);
  }

  /** Takes in what happened, and gives what is to be done, for `unpack.ts`; see client-wasm's `told.rs`. */
  handle(
    now: number,
    kind: number,
    id: number,
    count: number,
    offset: number,
    tag: number,
    text: Uint8Array,
    bytes: Uint8Array,
  ): Uint8Array<ArrayBuffer> {
    const [at, length] = this.#exports.session_handle(
      this.#session,
      now,
      kind,
      id,
      count,
      offset,
      tag,
      this.#give(text),
      text.length,
      this.#give(bytes),
      bytes.length,
    );
    const packed = this.#memory().slice(at, at + length);
    this.#exports.__wbindgen_free(at, length, 1);
    return packed;
  }

  free(): void {
    this.#exports.__wbg_session_free(this.#session, 0);
  }

  /** Where a copy is that is the module's; it frees what it is given. */
  #give(bytes: Uint8Array): number {
    // Of nothing only that the place is one is looked at.
    if (!bytes.length) return 1;
    const at = this.#exports.__wbindgen_malloc(bytes.length, 1);
    this.#memory().set(bytes, at);
    return at;
  }

  /** Memory that grows is another buffer, and the one before is empty. */
  #memory(): Uint8Array<ArrayBuffer> {
    if (!this.#bytes.length) this.#bytes = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer);
    return this.#bytes;
  }
}

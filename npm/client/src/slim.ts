import { Client, load, type ClientOptions } from './index.ts';
import type { WasmSource } from './load.ts';
import { drive } from './drive.ts';

export * from './index.ts';
export type { WasmSource } from './load.ts';

/** A client's options, and where its WebAssembly is: the file `@tidewire/client/tidewire.wasm`, in any form. */
export interface SlimClientOptions extends ClientOptions {
  /** Its bytes, its compiled module, its address, or a response with it; or a promise or function for one of these. */
  readonly wasm: WasmSource | Promise<WasmSource> | (() => WasmSource | Promise<WasmSource>);
}

/** Makes a client with WebAssembly that the application brings. */
export function createClient({ wasm, ...options }: SlimClientOptions): Client {
  return new Client(options, () =>
    load(async () => [await (typeof wasm === 'function' ? wasm() : wasm), drive], options.share),
  );
}

import { Client, load, type ClientOptions } from './index.ts';
import { drive } from './drive.ts';

export * from './index.ts';

/** What WebAssembly can be made of. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

/** A client's options, and where its WebAssembly is: the file `@tidewire/client/tidewire.wasm`, in any form. */
export interface SlimClientOptions extends ClientOptions {
  /** Its bytes, its compiled module, its address, or a response with it; or a promise or function for one of these. */
  readonly wasm: WasmSource | Promise<WasmSource> | (() => WasmSource | Promise<WasmSource>);
}

/** Makes a client with WebAssembly that the application brings. */
export function createClient({ wasm, ...options }: SlimClientOptions): Client {
  return new Client(options, () =>
    load(async () => [await ready(await (typeof wasm === 'function' ? wasm() : wasm)), drive], options.share),
  );
}

async function ready(source: WasmSource): Promise<BufferSource | WebAssembly.Module> {
  const from = typeof source === 'string' || source instanceof URL ? await fetch(source) : source;
  if (!(from instanceof Response)) return from;
  if (!from.ok) throw new Error(`${from.url} answers ${from.status}`);
  return from.arrayBuffer();
}

import { fromBase64 } from './base64.ts';
import { Client, type ClientOptions } from './client.ts';
import { load } from './load.ts';

export * from './exports.ts';

/** Makes a client. Returns at once; WebAssembly is loaded beside it, when the client connects. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, () => load(embedded));
}

/** In a chunk of its own, as text: the only form that every bundler and server passes on without configuration. */
async function embedded(): Promise<BufferSource> {
  return fromBase64((await import('./wasm-base64.ts')).default);
}

// workerd, which Cloudflare's workers run on, compiles no bytes: it takes a module, imported as such.
import module from './tidewire.wasm';
import { Client, type ClientOptions } from './client.ts';
import { load } from './load.ts';

export * from './exports.ts';

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, () => load(async () => module, options.share));
}

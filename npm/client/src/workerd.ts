// workerd, which Cloudflare's workers run on, compiles no bytes: it takes a module, imported as such.
import module from './tidewire.wasm';
import { Client, load, type ClientOptions } from './index.ts';
import { drive } from './drive.ts';

export * from './index.ts';

/** Makes a client. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, () => load(async () => [module, drive], options.share));
}

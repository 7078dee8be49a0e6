import { Client, type ClientOptions } from './client.ts';
import { embedded } from './embedded.ts';
import { load } from './load.ts';

export * from './exports.ts';
/** @internal For the entries that bring WebAssembly of their own. */
export { load };

/** Makes a client. Returns at once; WebAssembly is loaded beside it, when the client connects. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, () => load(embedded, options.share));
}

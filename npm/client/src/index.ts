import { Client, type ClientOptions } from './client.ts';
import { embedded } from './embedded.ts';
import { load } from './load.ts';

export * from './exports.ts';

/** Makes a client. Returns at once; WebAssembly is loaded beside it, when the client connects. */
export function createClient(options: ClientOptions): Client {
  return new Client(options, () => load(embedded, options.share));
}

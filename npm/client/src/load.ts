import { BrowserDriver } from './browser-driver.ts';
import type { StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';
import { Session } from './session.ts';
import type { Ways } from './ways.ts';

/** What WebAssembly can be made of. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

/** What a client needs only when it connects: WebAssembly, and the ways to a server. */
export type Source = readonly [wasm: WasmSource, ways: Ways];

let loaded: Promise<readonly [WebAssembly.Exports, Ways]> | undefined;

/** Loads Tidewire's WebAssembly, once for all clients of a page; drivers share a socket unless they are not to. */
export async function load(source: () => Promise<Source>, share = true): Promise<StartDriver<BrowserDriver>> {
  loaded ??= instantiate(source).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  const [exports, { dial, openShared }] = await loaded;
  return (url, host, broken, durable) =>
    new BrowserDriver(
      new Session(exports as never, seed(), durable),
      elder => (share ? openShared(url, elder) : dial(url)),
      host,
      broken,
    );
}

async function instantiate(source: () => Promise<Source>): Promise<readonly [WebAssembly.Exports, Ways]> {
  if (!globalThis.WebSocket)
    throw new TidewireError('no_websocket', 'there is no WebSocket here: Node has it from version 22');
  if (!globalThis.WebAssembly)
    throw new TidewireError('wasm_blocked', 'this browser has WebAssembly turned off, and Tidewire needs it');
  const [wasm, ways] = await source();
  const bytes = await bytesOf(wasm);
  try {
    // Bytes give an instance beside its module, a module the instance alone.
    const made: WebAssembly.WebAssemblyInstantiatedSource | WebAssembly.Instance =
      await WebAssembly.instantiate(bytes as BufferSource);
    return [('instance' in made ? made.instance : made).exports, ways];
  } catch (cause) {
    if (!isPolicy(cause)) throw cause;
    throw new TidewireError(
      'wasm_blocked',
      "the page's Content-Security-Policy blocks WebAssembly: add 'wasm-unsafe-eval' to its script-src",
      { cause },
    );
  }
}

async function bytesOf(source: WasmSource): Promise<BufferSource | WebAssembly.Module> {
  const from = typeof source === 'string' || source instanceof URL ? await fetch(source) : source;
  if (!(from instanceof Response)) return from;
  if (!from.ok) throw new Error(`${from.url} answers ${from.status}`);
  return from.arrayBuffer();
}

/** Random in all its bits. */
function seed(): bigint {
  return crypto.getRandomValues(new BigUint64Array(1))[0]!;
}

/** Browsers name the policy in an error each in its own words. */
function isPolicy(error: unknown): boolean {
  return /content.security.policy|unsafe-eval|\bcsp\b/i.test(String(error));
}

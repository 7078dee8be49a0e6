import { BrowserDriver } from './browser-driver.ts';
import type { StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';
import { Session } from './session.ts';

/** What WebAssembly can be made of. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

let loaded: Promise<StartDriver<BrowserDriver>> | undefined;

/** Loads Tidewire's WebAssembly, once for all clients of a page. */
export function load(source: () => Promise<WasmSource>): Promise<StartDriver<BrowserDriver>> {
  return (loaded ??= start(source).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  }));
}

async function start(source: () => Promise<WasmSource>): Promise<StartDriver<BrowserDriver>> {
  if (typeof WebSocket === 'undefined') {
    throw new TidewireError('no_websocket', 'there is no WebSocket here: Node has it from version 22');
  }
  if (typeof WebAssembly === 'undefined') {
    throw new TidewireError('wasm_blocked', 'this browser has WebAssembly turned off, and Tidewire needs it');
  }
  // Beside it, for the first connection is to wait for neither; and what does not load is done without.
  const sharing = globalThis.document && import('./share/tabs.ts').catch(() => undefined);
  const bytes = await bytesOf(await source());
  const open = (await sharing)?.openShared;
  try {
    const made: unknown = await WebAssembly.instantiate(bytes as BufferSource);
    const { exports } =
      made instanceof WebAssembly.Instance
        ? made
        : (made as WebAssembly.WebAssemblyInstantiatedSource).instance;
    return (url, host, broken, durable, share) =>
      new BrowserDriver(
        new Session(exports as never, seed(), durable),
        url,
        host,
        broken,
        share === false ? undefined : open,
      );
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

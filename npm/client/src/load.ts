import { __wbg_set_wasm, imports } from '../wasm/tidewire.js';
import { BrowserDriver } from './browser-driver.ts';
import type { StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';

/** What WebAssembly can be made of. */
export type WasmSource = BufferSource | WebAssembly.Module | Response | URL | string;

let loaded: Promise<StartDriver> | undefined;

/** Loads Tidewire's WebAssembly, once for all clients of a page. */
export function load(source: () => Promise<WasmSource>): Promise<StartDriver> {
  return (loaded ??= start(source).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  }));
}

async function start(source: () => Promise<WasmSource>): Promise<StartDriver> {
  if (typeof WebAssembly === 'undefined') {
    throw new TidewireError('wasm_blocked', 'this browser has WebAssembly turned off, and Tidewire needs it');
  }
  const bytes = await bytesOf(await source());
  try {
    const made: unknown = await WebAssembly.instantiate(bytes as BufferSource, imports);
    const { exports } =
      made instanceof WebAssembly.Instance
        ? made
        : (made as WebAssembly.WebAssemblyInstantiatedSource).instance;
    __wbg_set_wasm(exports);
    (exports as { __wbindgen_start(): void }).__wbindgen_start();
  } catch (cause) {
    if (!isPolicy(cause)) throw cause;
    throw new TidewireError(
      'wasm_blocked',
      "the page's Content-Security-Policy blocks WebAssembly: add 'wasm-unsafe-eval' to its script-src",
      { cause },
    );
  }
  return (url, host) => new BrowserDriver(url, host);
}

async function bytesOf(source: WasmSource): Promise<BufferSource | WebAssembly.Module> {
  const from = typeof source === 'string' || source instanceof URL ? await fetch(source) : source;
  if (!(from instanceof Response)) return from;
  if (!from.ok) throw new Error(`${from.url} answers ${from.status}`);
  return from.arrayBuffer();
}

/** Browsers name the policy in an error each in its own words. */
function isPolicy(error: unknown): boolean {
  return /content.security.policy|unsafe-eval|\bcsp\b/i.test(String(error));
}

import init, { Driver } from '../wasm/tidewire.js';
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
  const module_or_path = await source();
  try {
    await init({ module_or_path });
  } catch (cause) {
    if (!isPolicy(cause)) throw cause;
    throw new TidewireError(
      'wasm_blocked',
      "the page's Content-Security-Policy blocks WebAssembly: add 'wasm-unsafe-eval' to its script-src",
      { cause },
    );
  }
  return (url, sdk, host) => new Driver(url, sdk, host);
}

/** Browsers name the policy in an error each in its own words. */
function isPolicy(error: unknown): boolean {
  return /content.security.policy|unsafe-eval|\bcsp\b/i.test(String(error));
}

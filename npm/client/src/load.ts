import type { Drive } from './drive.ts';
import type { Commons, DurableDriver, StartDriver } from './driver.ts';
import { TidewireError } from './errors.ts';
import { inFrame, TAKE_IN } from './frames.ts';
import type { Exports } from './session.ts';

/** What a client needs only when it connects: WebAssembly, in a form that is ready, and its surroundings. */
export type Source = readonly [wasm: BufferSource | WebAssembly.Module, drive: Drive];

const COMMONS: Commons = { Failure: TidewireError, inFrame: takeIn => inFrame(TAKE_IN, takeIn) };

let loaded: Promise<readonly [Exports, Drive]> | undefined;

/** Loads Tidewire's WebAssembly, once for all clients of a page; drivers share a socket unless they are not to. */
export async function load(source: () => Promise<Source>, share = true): Promise<StartDriver<DurableDriver>> {
  loaded ??= instantiate(source).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  const [exports, drive] = await loaded;
  return drive(exports, COMMONS, share);
}

async function instantiate(source: () => Promise<Source>): Promise<readonly [Exports, Drive]> {
  if (!globalThis.WebSocket)
    throw new TidewireError('no_websocket', 'there is no WebSocket here: Node has it from version 22');
  if (!globalThis.WebAssembly)
    throw new TidewireError('wasm_blocked', 'this browser has WebAssembly turned off, and Tidewire needs it');
  const [wasm, drive] = await source();
  try {
    // Bytes give an instance beside its module, a module the instance alone.
    const made: WebAssembly.WebAssemblyInstantiatedSource | WebAssembly.Instance =
      await WebAssembly.instantiate(wasm as BufferSource);
    return [('instance' in made ? made.instance : made).exports as never, drive];
  } catch (cause) {
    if (!isPolicy(cause)) throw cause;
    throw new TidewireError(
      'wasm_blocked',
      "the page's Content-Security-Policy blocks WebAssembly: add 'wasm-unsafe-eval' to its script-src",
      { cause },
    );
  }
}

/** Browsers name the policy in an error each in its own words. */
function isPolicy(error: unknown): boolean {
  return /content.security.policy|unsafe-eval|\bcsp\b/i.test(String(error));
}

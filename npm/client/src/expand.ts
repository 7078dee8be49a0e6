import { predicted } from './predicted.ts';

/*
 * The embedded WebAssembly is compressed by prediction: an arithmetic coder spends on each bit what its prediction
 * missed. That is a third less than deflate makes of it.
 */

/** How long the page may have to wait, in milliseconds. */
const LONGEST = 8;

/** The bytes of which `scripts/compress.js` made these: their extent in numbers of 32 bits, and what the coder spent. */
export async function expand(compressed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  let at = 0;
  const next = () => compressed[at++]! | 0;
  const four = () => ((next() << 24) | (next() << 16) | (next() << 8) | next()) >>> 0;
  const extent = [four(), four(), four()] as const;
  let code = four();
  let range = 2 ** 32 - 1;
  const steps = predicted(extent, odds => {
    const bound = (range >>> 16) * odds;
    const bit = code < bound ? 1 : 0;
    if (bit) range = bound;
    else {
      code -= bound;
      range -= bound;
    }
    while (range < 2 ** 24) {
      range *= 256;
      code = code * 256 + next();
    }
    return bit;
  });
  for (let since = performance.now(); ;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (performance.now() - since > LONGEST) {
      await breath();
      since = performance.now();
    }
  }
}

/** Lets the page do what waits; not by a timer, which hidden pages have but once a second. */
function breath(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise(done => {
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(0);
  });
}

// The other end of src/expand.ts.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = join(dirname(fileURLToPath(import.meta.url)), '../src/expand.ts');

/** Bytes for `expand` to make these of. */
export async function compress(bytes) {
  const { outputFiles } = await build({ entryPoints: [source], format: 'esm', write: false });
  const { predicted } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

  const made = [24, 16, 8, 0].map(shift => (bytes.length >>> shift) & 255);
  let low = 0;
  let range = 2 ** 32 - 1;
  const put = () => {
    made.push(low >>> 24);
    low = (low << 8) >>> 0;
  };
  let place = 0;
  const steps = predicted(bytes.length, odds => {
    const bit = (bytes[place >> 3] >> (7 - (place & 7))) & 1;
    place++;
    const bound = (range >>> 16) * odds;
    if (bit) range = bound;
    else {
      low += bound;
      range -= bound;
    }
    if (low >= 2 ** 32) {
      low -= 2 ** 32;
      let carry = made.length - 1;
      while (made[carry] === 255) made[carry--] = 0;
      made[carry]++;
    }
    while (range < 2 ** 24) {
      range *= 256;
      put();
    }
    return bit;
  });
  while (!steps.next().done);
  for (let rest = 0; rest < 4; rest++) put();
  return Uint8Array.from(made);
}

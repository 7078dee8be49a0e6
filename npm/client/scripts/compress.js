// The other end of src/expand.ts.
import { build } from 'esbuild';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = join(dirname(fileURLToPath(import.meta.url)), '../src/predicted.ts');
const CODE = 10;

/** Bytes for `expand` to make these of. */
export async function compress(bytes) {
  const { outputFiles } = await build({ entryPoints: [source], bundle: true, format: 'esm', write: false });
  const { predicted } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

  const { from, to, said } = code(bytes);
  const made = [bytes.length, from, to].flatMap(number =>
    [24, 16, 8, 0].map(shift => (number >>> shift) & 255),
  );
  let low = 0;
  let range = 2 ** 32 - 1;
  const put = () => {
    made.push(low >>> 24);
    low = (low << 8) >>> 0;
  };
  let place = 0;
  const steps = predicted([bytes.length, from, to], odds => {
    const bit = (said[place >> 3] >> (7 - (place & 7))) & 1;
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
  let step;
  do step = steps.next();
  while (!step.done);
  if (Buffer.compare(step.value, bytes))
    throw new Error('the module has code that src/predicted.ts misreads');
  for (let rest = 0; rest < 4; rest++) put();
  return Uint8Array.from(made);
}

/** Where a module's functions begin and end, and what is to be said of it: all but their lengths. */
function code(bytes) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  if (String.fromCharCode(...bytes.subarray(0, 4)) !== '\0asm') return { from: 0, to: 0, said: bytes };
  for (at = 8; at < bytes.length;) {
    const kind = bytes[at++];
    const to = number() + at;
    if (kind === CODE) {
      number();
      const from = at;
      const said = [...bytes.subarray(0, from)];
      while (at < to) {
        const length = number();
        said.push(...bytes.subarray(at, (at += length)));
      }
      return { from, to, said: [...said, ...bytes.subarray(to)] };
    }
    at = to;
  }
  return { from: 0, to: 0, said: bytes };
}

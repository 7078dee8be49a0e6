// What a page downloads to use @tidewire/client, compressed, and the limit that it is held to.
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

/** What all of it may not exceed, in bytes, gzip. Lower it with every gain, to a little over what is reached. */
export const LIMIT = 36_000;

/** Where a file's source map is, which no bundler hands on. */
const MAP = /\n\/\/# sourceMappingURL=.*\s*$/;

/** What a page loads later, by the module that names its chunk. */
const LATER = {
  'to connect': 'connecting',
  WebAssembly: 'wasm-base64',
  'outbox, where wanted': 'outbox',
  'debug, where wanted': 'debug',
};

/** The gzipped size of each part of a built package, in bytes. */
export async function sizes(dist) {
  const files = await readdir(dist);
  const later = Object.entries(LATER).map(([part, module]) => {
    const [chunk, ...others] = files.filter(file => file.startsWith(`${module}-`) && file.endsWith('.js'));
    if (!chunk || others.length) throw new Error(`expected one chunk ${module} in ${dist}`);
    return [part, chunk];
  });
  const chunks = later.map(([, chunk]) => chunk);
  const code = await reachable(dist, 'index.js', name => files.includes(name) && !chunks.includes(name));
  const parts = { 'at once': await gzipped(dist, code) };
  for (const [part, chunk] of later) parts[part] = await gzipped(dist, [chunk]);
  return parts;
}

/** Fails where the parts together exceed the limit. */
export function check(parts, limit = LIMIT) {
  const total = sum(parts);
  if (total > limit) throw new Error(`@tidewire/client has ${total} bytes gzipped, its limit is ${limit}`);
}

/** Prints each part and the sum. */
export function print(parts, limit = LIMIT) {
  for (const [name, bytes] of Object.entries(parts)) console.log(`${name.padEnd(24)}${kilobytes(bytes)}`);
  console.log(
    `${'together, gzip'.padEnd(24)}${kilobytes(sum(parts))}  of at most ${kilobytes(limit).trim()}`,
  );
}

/** Prints and checks all of a built package. */
export async function report(dist) {
  const found = await sizes(dist);
  print(found);
  check(found);
}

/** An entry and the chunks that it imports, as far as they count. */
async function reachable(dist, entry, counts, found = new Set()) {
  if (found.has(entry) || !counts(entry)) return found;
  found.add(entry);
  const text = await readFile(join(dist, entry), 'utf8');
  for (const [, name] of text.matchAll(/["']\.\/([\w.-]+\.js)["']/g))
    await reachable(dist, name, counts, found);
  return found;
}

async function gzipped(dist, names) {
  let bytes = 0;
  for (const name of names) {
    const code = await readFile(join(dist, name), 'utf8');
    bytes += gzipSync(code.replace(MAP, ''), { level: 9 }).length;
  }
  return bytes;
}

function sum(parts) {
  return Object.values(parts).reduce((total, bytes) => total + bytes, 0);
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`.padStart(8);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await report(join(dirname(fileURLToPath(import.meta.url)), '../dist'));
}

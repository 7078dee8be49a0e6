import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The scripts that a built page names in its HTML, in bytes, gzip: what is loaded before anything connects. */
export async function initial(folder: string): Promise<number> {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  let bytes = 0;
  for (const [, script] of page.matchAll(/(?:src|href)="\.?\/?([^"]+\.js)"/g))
    bytes += gzipSync(await readFile(join(folder, script ?? '')), { level: 9 }).length;
  if (bytes === 0) throw new Error(`the page in ${folder} names no script`);
  return bytes;
}

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);

/** A path in `tests/packaging`. */
export const here = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The file that a package was packed into; `cargo xtask test` says in which folder. */
export async function packed(name: 'client' | 'angular'): Promise<string> {
  const folder = process.env.TIDEWIRE_PACKED ?? '';
  const files = await readdir(folder);
  const file = files.find(file => file.startsWith(`tidewire-${name}-`));
  assert.ok(file, `no packed ${name} in ${folder}: run cargo xtask test --only packaging`);
  return join(folder, file);
}

/** Puts the packed packages where the pages look for them, in place of the workspace's links to their sources. */
export async function unpack(): Promise<void> {
  for (const name of ['client', 'angular'] as const) {
    const place = here(`node_modules/@tidewire/${name}`);
    await rm(place, { recursive: true, force: true });
    await mkdir(place, { recursive: true });
    await run('tar', ['-xzf', await packed(name), '-C', place, '--strip-components', '1']);
  }
}

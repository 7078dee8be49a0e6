// Makes dist/ from src/. Nothing in this package is decorated, so that there is nothing for Angular's compiler to do,
// and what is made suits every version of it.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(here, 'dist');

await rm(dist, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: ['src/index.ts', 'src/rxjs-interop.ts', 'src/server.ts', 'src/testing.ts'],
  outdir: dist,
  format: 'esm',
  target: 'es2022',
  bundle: true,
  packages: 'external',
  // Tokens that two entries use must be the same ones.
  splitting: true,
  chunkNames: '[name]-[hash]',
  sourcemap: true,
  logLevel: 'warning',
});

// What `ng add` runs: Angular's tools load it in the older form of modules.
await build({
  absWorkingDir: here,
  entryPoints: ['src/schematics/ng-add.ts'],
  outdir: join(dist, 'schematics'),
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  bundle: true,
  packages: 'external',
  logLevel: 'warning',
});
for (const file of ['collection.json', 'ng-add.schema.json']) {
  await copyFile(join(here, 'src/schematics', file), join(dist, 'schematics', file));
}
await writeFile(join(dist, 'schematics/package.json'), '{ "type": "commonjs" }\n');

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json')], { stdio: 'inherit' });

// Makes dist/ from src/ and from wasm/, which `cargo xtask npm` fills before.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minify } from 'terser';
import { compress } from './compress.js';
import { report } from './size.js';

const here = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(here, 'dist');

/** Files that are imported with `?compressed` become their compressed bytes as text in base64. */
const compressed = {
  name: 'compressed',
  setup({ onLoad }) {
    onLoad({ filter: /\.wasm$/ }, async ({ path }) => {
      const contents = Buffer.from(await compress(await readFile(path))).toString('base64');
      return { contents, loader: 'text' };
    });
  },
};

/** The package itself, as an import of what stands beside it: its classes must be the same ones, and no larger for it. */
const itself = {
  name: 'itself',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\/index\.ts$/ }, () => ({ path: './index.js', external: true }));
  },
};

await rm(dist, { recursive: true, force: true });
const common = {
  absWorkingDir: here,
  outdir: dist,
  format: 'esm',
  target: 'es2022',
  bundle: true,
  minify: true,
  sourcemap: true,
  legalComments: 'none',
  logLevel: 'warning',
};
await build({
  ...common,
  entryPoints: ['src/index.ts'],
  // What is imported lazily becomes files of their own.
  splitting: true,
  chunkNames: '[name]-[hash]',
  plugins: [compressed],
});
await build({
  ...common,
  entryPoints: ['src/slim.ts', 'src/workerd.ts', 'src/testing.ts'],
  plugins: [itself],
  // Left for workerd, which takes the import as it is.
  external: ['./tidewire.wasm'],
});
for (const name of await readdir(dist)) if (name.endsWith('.js')) await minifyAgain(join(dist, name));
await copyFile(join(here, 'wasm/tidewire.wasm'), join(dist, 'tidewire.wasm'));

const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json')], { stdio: 'inherit' });

await report(dist);

/** Terser finds what esbuild leaves: a twentieth of the code, compressed. */
async function minifyAgain(path) {
  const content = await readFile(`${path}.map`, 'utf8');
  const { code, map } = await minify(await readFile(path, 'utf8'), {
    module: true,
    ecma: 2022,
    compress: { passes: 3 },
    sourceMap: { content, includeSources: true, url: `${basename(path)}.map` },
  });
  await writeFile(path, code);
  await writeFile(`${path}.map`, map);
}

import assert from 'node:assert/strict';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, Running } from '../../support/programs.ts';
import { here, packed, run } from './packed.ts';

/** Nothing of the npm that runs these tests, and nobody is asked or told anything. */
const environment: NodeJS.ProcessEnv = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')),
  ),
  CI: 'true',
  NG_CLI_ANALYTICS: 'false',
  NEXT_TELEMETRY_DISABLED: '1',
};

/** A fresh application: a folder below target/, with packages from the registry and the packed ones. */
export class App {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies `apps/NAME` and what else it consists of, and installs its lock's packages and the packed ones. */
  static async install(
    name: string,
    packages: ('client' | 'angular')[],
    sources: string[] = [],
  ): Promise<App> {
    const folder = join(process.env.TIDEWIRE_APPS ?? '', name);
    assert.ok(process.env.TIDEWIRE_APPS, 'run these tests with cargo xtask test --only matrix');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    for (const source of [`apps/${name}`, ...sources]) await cp(here(source), folder, { recursive: true });
    const app = new App(folder);
    const npm = process.env.npm_execpath;
    assert.ok(npm, 'npm runs these tests');
    const files = await Promise.all(packages.map(packed));
    // Without scripts: what comes from the registry need not run here, and ours have none.
    await app.run(npm, ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...files]);
    return app;
  }

  /** Another one inside of this one's folder, with the same packages. */
  inside(name: string): App {
    return new App(join(this.folder, name));
  }

  path(path: string): string {
    return join(this.folder, path);
  }

  /** Puts the files of a folder of these tests among its own. */
  async take(source: string, place = '.'): Promise<void> {
    await cp(here(source), this.path(place), { recursive: true });
  }

  /** Runs a script of Node's in its folder. */
  async run(script: string, words: string[]): Promise<{ stdout: string; stderr: string }> {
    return run(process.execPath, [script, ...words], { cwd: this.folder, env: environment });
  }

  /** Runs a server in its folder for as long as `use` takes. `words` gets the port. */
  async serves(
    [script, ...words]: [string, ...string[]],
    use: (origin: string) => Promise<void>,
    variables: (port: number) => NodeJS.ProcessEnv = () => ({}),
  ): Promise<void> {
    const port = await freePort();
    const told = [script, ...words].map(word => word.replace('PORT', `${port}`));
    const server = new Running(process.execPath, told, {
      cwd: this.folder,
      env: { ...environment, ...variables(port) },
    });
    try {
      const origin = `http://127.0.0.1:${port}`;
      await server.until(async () => assert.ok((await fetch(origin)).ok), 120);
      await use(origin);
    } finally {
      await server.end();
    }
  }
}

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  await new Promise(closed => server.close(closed));
  return port;
}

/** Builds the page with Angular's tools, which are the workspace's. */
export function buildPage(configuration: string): void {
  const words = [
    path('../../../node_modules/@angular/cli/bin/ng.js'),
    'build',
    '--configuration',
    configuration,
  ];
  const { status } = spawnSync(process.execPath, words, {
    cwd: path('..'),
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`the page's build ended with ${status}`);
}

/** A Tidewire server of the release profile, or the one that `TIDEWIRE_SERVER` names. */
export class TidewireServer {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(): Promise<TidewireServer> {
    const port = await freePort();
    const program = process.env['TIDEWIRE_SERVER'] ?? path('../../../target/release/tidewire');
    const words = ['serve', '--dev', '--listen', `127.0.0.1:${port}`, '--config', path('./tidewire.toml')];
    const child = spawn(program, words, { stdio: ['ignore', 'ignore', 'inherit'] });
    child.on('error', error => {
      console.error(`${error.message}; build it: cargo build --release -p tidewire-server`);
      process.exit(1);
    });
    process.on('exit', () => child.kill('SIGKILL'));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
    const server = new TidewireServer(`ws://127.0.0.1:${port}/v1/connect`, child);
    for (;;) {
      const isReady = await fetch(`http://127.0.0.1:${port}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isReady) return server;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}

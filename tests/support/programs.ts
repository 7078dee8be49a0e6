import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** The programs under test and beside it; `cargo xtask test` says where they are. */
export const programs = {
  server: named('TIDEWIRE_SERVER'),
  redis: named('TIDEWIRE_REDIS'),
  browser: named('TIDEWIRE_BROWSER'),
};

function named(variable: string): string {
  const path = process.env[variable];
  if (!path) throw new Error(`${variable} is not set: run these tests with cargo xtask test`);
  return path;
}

/** A program that runs beside the test; what it writes is shown only when something goes wrong. */
export class Running {
  readonly process: ChildProcess;
  readonly #name: string;
  #written = '';

  constructor(program: string, words: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
    this.#name = `${program} ${words.join(' ')}`;
    this.process = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.setEncoding('utf8').on('data', text => (this.#written = (this.#written + text).slice(-20_000)));
    }
  }

  /** Ends it as a power failure would: no goodbye to anyone. */
  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }

  /** Asks it to end, so that it ends what it has started itself. */
  async end(): Promise<void> {
    this.process.kill('SIGTERM');
    const impatient = setTimeout(() => this.process.kill('SIGKILL'), 10_000);
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    clearTimeout(impatient);
  }

  /** Resolves once `ask` does not throw, asked again and again; fails when the program ends before. */
  async until<Answer>(ask: () => Promise<Answer>, seconds = 30): Promise<Answer> {
    const patience = Date.now() + seconds * 1000;
    for (;;) {
      try {
        return await ask();
      } catch (trouble) {
        const ended = this.process.exitCode ?? this.process.signalCode;
        if (ended !== null || Date.now() > patience) {
          const what = ended === null ? `did not get ready in ${seconds} s` : `ended with ${ended}`;
          throw new Error(`${this.#name} ${what}\n${this.#written}`, { cause: trouble });
        }
      }
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  }
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

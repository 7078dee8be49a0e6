import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, programs, Running } from './programs.ts';

/** A Redis of the test's own: on a free port, in a folder of its own. */
export class Redis {
  readonly url: string;
  readonly #running: Running;
  readonly #folder: string;

  private constructor(url: string, running: Running, folder: string) {
    this.url = url;
    this.#running = running;
    this.#folder = folder;
  }

  static async start(): Promise<Redis> {
    const folder = await mkdtemp(join(tmpdir(), 'tidewire-redis-'));
    const port = await freePort();
    const words = [
      '--port',
      `${port}`,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      folder,
    ];
    const running = new Running(programs.redis, words);
    await running.until(async () => {
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
      } finally {
        socket.destroy();
      }
    });
    return new Redis(`redis://127.0.0.1:${port}`, running, folder);
  }

  async stop(): Promise<void> {
    await this.#running.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

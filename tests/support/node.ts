import { freePort, programs, Running } from './programs.ts';

/** How a node is started. */
export interface NodeOptions {
  /** `memory`, or the address of a Redis. */
  backbone: string;
  /** The configuration file, where it needs one. */
  config?: string;
}

/** One Tidewire server, on a port that stays the same when it is killed and started again. */
export class Node {
  readonly port: number;
  readonly #options: NodeOptions;
  #running: Running;

  private constructor(port: number, options: NodeOptions, running: Running) {
    this.port = port;
    this.#options = options;
    this.#running = running;
  }

  static async start(options: NodeOptions): Promise<Node> {
    const port = await freePort();
    const node = new Node(port, options, run(port, options));
    await node.#ready();
    return node;
  }

  /** Kills it in the middle of whatever it does, and starts it again. */
  async killAndRestart(): Promise<void> {
    await this.kill();
    this.#running = run(this.port, this.#options);
    await this.#ready();
  }

  async kill(): Promise<void> {
    await this.#running.kill();
  }

  /** What it has counted under a name, of `/metrics`. */
  async counts(name: string): Promise<number> {
    const metrics = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    return Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1] ?? 0);
  }

  async #ready(): Promise<void> {
    await this.#running.until(async () => {
      const answer = await fetch(`http://127.0.0.1:${this.port}/health/ready`);
      if (!answer.ok) throw new Error(`not ready: ${answer.status}`);
    });
  }
}

function run(port: number, { backbone, config }: NodeOptions): Running {
  const words = ['serve', '--dev', '--listen', `127.0.0.1:${port}`, '--backbone', backbone];
  if (config) words.push('--config', config);
  return new Running(programs.server, words);
}

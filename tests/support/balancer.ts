import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands before the nodes as a load balancer does: a connection goes to a node that lives. It can also go deaf. */
export class Balancer {
  readonly port: number;
  readonly #server: Server;
  readonly #ports: readonly number[];
  readonly #links = new Set<Link>();
  /** Bytes that went to clients. */
  bytes = 0;
  /** What is taken out of requests that open a WebSocket. */
  #hidden = '';
  #next = 0;
  #deaf = false;

  private constructor(port: number, server: Server, ports: readonly number[]) {
    this.port = port;
    this.#server = server;
    this.#ports = ports;
    server.on('connection', client => this.#accept(client));
  }

  static async before(ports: readonly number[]): Promise<Balancer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the balancer has no port');
    return new Balancer(address.port, server, ports);
  }

  /** The node that the newest open connection goes to. */
  get node(): number | undefined {
    return [...this.#links].findLast(link => link.node !== undefined)?.node;
  }

  /** How many connections are open. */
  get count(): number {
    return this.#links.size;
  }

  /** From now on the nodes are not told of this, as if they were of a version that does not know it. */
  hide(words: string): void {
    this.#hidden = words;
  }

  /** From now on no byte passes either way, as when a cable is pulled: nobody is told. */
  cut(): void {
    this.#deaf = true;
    for (const link of this.#links) link.pause();
  }

  /** As `cut`, and the connections of before are lost, as when a router restarts. */
  cutAndForget(): void {
    this.cut();
    for (const link of this.#links) link.close();
  }

  /** From now on what the nodes say does not come through: they hear the clients, and nobody knows. */
  muffle(): void {
    for (const link of this.#links) link.muffle();
  }

  /** Bytes pass again. */
  heal(): void {
    this.#deaf = false;
    for (const link of this.#links) link.resume();
  }

  async close(): Promise<void> {
    for (const link of this.#links) link.close();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: Socket): void {
    const hidden = this.#hidden;
    const link = new Link(client, {
      gone: () => this.#links.delete(link),
      sent: count => (this.bytes += count),
      asked: request =>
        hidden ? Buffer.from(request.toString('latin1').replace(hidden, ''), 'latin1') : request,
    });
    this.#links.add(link);
    if (this.#deaf) link.pause();
    void link.join(this.#ports.map((_, step) => this.#ports[(this.#next + step) % this.#ports.length] ?? 0));
    this.#next += 1;
  }
}

/** What a connection tells of itself. */
interface Watch {
  gone: () => void;
  /** So many bytes went to the client. */
  sent: (count: number) => void;
  /** What the client said first, and what is to be passed on for it. */
  asked: (request: Buffer) => Buffer;
}

/** One connection through the balancer. */
class Link {
  node: number | undefined;
  readonly #client: Socket;
  readonly #watch: Watch;
  #upstream: Socket | undefined;
  #paused: PromiseWithResolvers<void> | undefined;

  constructor(client: Socket, watch: Watch) {
    this.#client = client;
    this.#watch = watch;
    client.pause().setNoDelay(true);
    client.on('error', this.close).on('close', this.close);
  }

  async join(ports: readonly number[]): Promise<void> {
    await this.#paused?.promise;
    for (const port of ports) {
      const upstream = connect(port, '127.0.0.1');
      try {
        await once(upstream, 'connect');
      } catch {
        continue;
      }
      if (this.#client.destroyed) {
        upstream.destroy();
        return;
      }
      upstream.setNoDelay(true).on('error', this.close).on('close', this.close);
      this.#upstream = upstream;
      this.node = port;
      upstream.on('data', bytes => {
        this.#watch.sent(bytes.length);
        this.#pass(bytes, upstream, this.#client);
      });
      this.#client.once('data', request => {
        this.#pass(this.#watch.asked(request), this.#client, upstream);
        this.#client.on('data', bytes => this.#pass(bytes, this.#client, upstream));
      });
      if (this.#paused) this.pause();
      else this.#client.resume();
      return;
    }
    this.close();
  }

  pause(): void {
    this.#paused ??= Promise.withResolvers();
    this.#client.pause();
    this.#upstream?.pause();
  }

  muffle(): void {
    this.#upstream?.pause();
  }

  resume(): void {
    this.#paused?.resolve();
    this.#paused = undefined;
    this.#upstream?.resume();
    if (this.#upstream) this.#client.resume();
  }

  readonly close = (): void => {
    this.#client.destroy();
    this.#upstream?.destroy();
    this.#watch.gone();
  };

  #pass(bytes: Buffer, from: Socket, to: Socket): void {
    if (to.write(bytes)) return;
    from.pause();
    to.once('drain', () => {
      if (!this.#paused) from.resume();
    });
  }
}

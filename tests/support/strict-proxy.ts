import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a proxy does with responses. */
export type Passing = 'at once' | 'when whole';

/**
 * Stands before the nodes as a company's proxy does: it knows no WebSocket, and sends each request to another node. It
 * can also keep each response until it has all of it.
 */
export class StrictProxy {
  readonly port: number;
  /** Which node a page is connected to nobody can tell from here. */
  readonly node = undefined;
  readonly #server: Server;
  readonly #ports: readonly number[];
  readonly #passing: Passing;
  readonly #sockets = new Set<Socket>();
  #next = 0;
  #deafUntil = 0;
  upgradesRefused = 0;

  private constructor(port: number, server: Server, ports: readonly number[], passing: Passing) {
    this.port = port;
    this.#server = server;
    this.#ports = ports;
    this.#passing = passing;
    server.on('connection', socket => {
      if (Date.now() < this.#deafUntil) socket.destroy();
      this.#sockets.add(socket.on('close', () => this.#sockets.delete(socket)));
    });
    server.on('upgrade', (_, socket) => {
      this.upgradesRefused += 1;
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    });
    server.on('request', (asked, answer) => this.#pass(asked, answer));
  }

  static async before(ports: readonly number[], passing: Passing): Promise<StrictProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
    return new StrictProxy(address.port, server, ports, passing);
  }

  /**
   * Ends every connection in the middle of whatever it carries, and each that comes within a moment: what was reused
   * browsers ask for once more by themselves.
   */
  cut(): void {
    this.#deafUntil = Date.now() + 200;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #pass(asked: IncomingMessage, answer: ServerResponse): void {
    const port = this.#ports[(this.#next += 1) % this.#ports.length];
    const { method, url, headers } = asked;
    const passed = request({ host: '127.0.0.1', port, method, path: url, headers });
    passed.on('error', () => answer.destroy());
    answer.on('close', () => passed.destroy());
    passed.on('response', reply => {
      reply.on('error', () => answer.destroy());
      const pieces: Buffer[] = [];
      if (this.#passing === 'at once') {
        answer.writeHead(reply.statusCode ?? 502, reply.headers).flushHeaders();
        reply.pipe(answer);
        return;
      }
      reply.on('data', piece => pieces.push(piece));
      reply.on('end', () =>
        answer.writeHead(reply.statusCode ?? 502, reply.headers).end(Buffer.concat(pieces)),
      );
    });
    asked.pipe(passed);
  }
}

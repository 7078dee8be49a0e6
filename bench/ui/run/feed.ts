import { readFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';
import { createClient, defineChannel, type Channel, type Client } from '../../../npm/client/dist/index.js';
import { Market } from '../../../examples/angular-dashboard/feed/market.ts';
import type { Update } from '../src/update.ts';
import { path } from './programs.ts';

const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };
/** For whom the last updates are kept, who asks from time to time. */
const KEPT = 20_000;

/** Updates at a steady rate, to whoever wants them in whichever way; and the page. */
export class Feed {
  /** When each update was published, by its seq. */
  readonly publishedAt: number[] = [0];
  readonly #market = new Market(1);
  readonly #newest = new Map<number, Update>();
  #recent: Update[] = [];
  #waiting: { seq: number; response: ServerResponse }[] = [];
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #socketIo: SocketIo;
  readonly #client: Client;
  readonly #channel: Channel<Update, Update>;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** To whom updates go now: one way at a time. */
  way = '';

  private constructor(tidewire: string) {
    this.#http = createServer((request, response) => void this.#answer(request.url ?? '/', response));
    this.#sockets = new WebSocketServer({ noServer: true });
    this.#socketIo = new SocketIo(this.#http, { serveClient: false, transports: ['websocket'] });
    this.#http.on('upgrade', (request, socket, head) => {
      if (request.url !== '/socket') return;
      this.#sockets.handleUpgrade(request, socket, head, () => {});
    });
    this.#client = createClient({ url: tidewire, autoConnect: false });
    this.#channel = this.#client.channel(defineChannel<Update>('bench:all'));
  }

  static async start(tidewire: string): Promise<Feed> {
    const feed = new Feed(tidewire);
    await new Promise<void>(listening => feed.#http.listen(0, '127.0.0.1', listening));
    feed.#client.connect();
    return feed;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#http.address() as { port: number }).port}`;
  }

  begin(way: string, perSecond: number): void {
    this.way = way;
    const began = performance.now();
    let published = 0;
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) / 1000) * perSecond);
      for (; published < due; published++) this.#publish();
    }, 1);
  }

  pause(): void {
    clearInterval(this.#timer);
  }

  async stop(): Promise<void> {
    this.pause();
    this.#client.close();
    await this.#socketIo.close();
  }

  #publish(): void {
    const [[row, price, volume]] = this.#market.ticks(1) as [[number, number, number]];
    const update = { seq: this.publishedAt.length, row, price, volume };
    this.publishedAt.push(performance.timeOrigin + performance.now());
    this.#newest.set(row, update);
    this.#recent.push(update);
    if (this.#recent.length > 2 * KEPT) this.#recent = this.#recent.slice(-KEPT);
    if (this.way === 'Tidewire') void this.#channel.publish(update);
    if (this.way === 'Socket.IO') this.#socketIo.emit('update', update);
    if (this.way.startsWith('WebSocket')) {
      const message = JSON.stringify(update);
      for (const socket of this.#sockets.clients) socket.send(message);
    }
    for (const { seq, response } of this.#waiting.splice(0)) json(response, this.#since(seq));
  }

  #since(seq: number): Update[] {
    const first = this.#recent[0]?.seq ?? 0;
    return this.#recent.slice(Math.max(0, seq + 1 - first));
  }

  async #answer(address: string, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(address, 'http://any');
    if (pathname === '/rows') return json(response, [...this.#newest.values()]);
    if (pathname === '/since') {
      // Who begins, begins now.
      const seq = Number(searchParams.get('seq')) || this.publishedAt.length - 1;
      const news = this.#since(seq);
      if (news.length) return json(response, news);
      this.#waiting.push({ seq, response });
      return;
    }
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    try {
      const body = await readFile(join(path('../dist'), file));
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

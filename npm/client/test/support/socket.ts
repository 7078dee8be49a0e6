import { readFileSync } from 'node:fs';
import { expect, onTestFinished, vi } from 'vitest';
import { createClient, type Client, type SlimClientOptions } from '../../src/slim.ts';

/** The protocol's golden files: what a server or client says, in both codecs. */
export const golden = new URL('../../../../shared-protocol/testdata/', import.meta.url);

/** A golden message in the binary codec. */
export function hex(file: string): Buffer {
  return Buffer.from(readFileSync(new URL(`${file}.hex`, golden), 'utf8').trim(), 'hex');
}

/** Stands in for the browser's WebSocket; the test plays the server. */
export class Socket {
  static last: Socket | undefined;
  binaryType = 'blob';
  onopen: ((event: object) => void) | null = null;
  onmessage: ((event: object) => void) | null = null;
  onclose: ((event: object) => void) | null = null;
  onerror: ((event: object) => void) | null = null;
  /** What the server chooses. */
  protocol = 'tidewire.v1.postcard';
  readonly sent: Buffer[] = [];
  readonly closed: number[] = [];

  constructor(
    readonly url: string,
    readonly protocols: readonly string[],
  ) {
    if (url.includes('refused')) throw new DOMException('not from here', 'SecurityError');
    Socket.last = this;
  }

  /** The next one that is opened. */
  static async next(): Promise<Socket> {
    const socket = await vi.waitFor(() => Socket.last ?? expect.fail('no socket'), 5_000);
    Socket.last = undefined;
    return socket;
  }

  send(message: Uint8Array): void {
    this.sent.push(Buffer.from(message));
  }

  close(code: number): void {
    this.closed.push(code);
  }

  opens(): void {
    this.onopen?.({});
  }

  hears(file: string): void {
    this.receives(Uint8Array.from(hex(file)).buffer);
  }

  receives(data: ArrayBuffer | string): void {
    this.onmessage?.({ data });
  }

  get isDeaf(): boolean {
    return this.onopen === null && this.onmessage === null && this.onclose === null;
  }
}

/** A client in WebAssembly whose sockets are none. */
export function stage(options: Partial<SlimClientOptions> = {}): Client {
  vi.stubGlobal('WebSocket', Socket);
  onTestFinished(() => void vi.unstubAllGlobals());
  Socket.last = undefined;
  const wasm = readFileSync(new URL('../../wasm/tidewire.wasm', import.meta.url));
  const client = createClient({ url: 'ws://localhost', wasm, autoConnect: false, share: false, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A client whose socket is open; what it asked before goes out with its hello. */
export async function opened(before: (client: Client) => void = () => undefined): Promise<Socket> {
  const client = stage();
  before(client);
  client.connect();
  const socket = await Socket.next();
  socket.opens();
  return socket;
}

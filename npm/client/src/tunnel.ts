import type { Carrier } from './link.ts';

/** WebSocket frames (RFC 6455, 5.2), which are what goes over plain requests too: those of a server ... */
const TEXT = 0x81;
const BINARY = 0x82;
const CLOSE = 0x88;
/** ... and the bit of a client's that says that four bytes of mask follow, which are zeros here. */
const MASKED = 0x80;

/** Bytes of one request. */
const MOST = 32_768;

/** Stands in for a WebSocket, over plain requests: one streamed response, or polls, and a POST for what is sent. */
export class Tunnel implements Carrier {
  onopen: Carrier['onopen'] = null;
  onmessage: Carrier['onmessage'] = null;
  onclose: Carrier['onclose'] = null;
  protocol = '';
  readonly #url: string;
  readonly #abort = new AbortController();
  readonly #whileOpen = { signal: this.#abort.signal };
  /** What is read and no whole frame. */
  #read = new Uint8Array();
  #arrived = 0;
  #link = '';
  /** What is to be sent, and how many requests have been. */
  #unsent = new Blob();
  #number = 0;
  #sending = false;

  constructor(url: string, polls: boolean, [protocol, other]: readonly string[]) {
    this.#url = url.replace('ws', 'http');
    this.#hear(polls, protocol!)
      .catch((error: unknown) => {
        // A server that does not know the first says so.
        if (!other || !/HTTP 400/.test(String(error))) throw error;
        return this.#hear(polls, other);
      })
      .catch((error: unknown) => this.#end(1006, String(error)));
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.#frame(BINARY, message);
    if (!this.#sending) this.#flush().catch((error: unknown) => this.#end(1006, String(error)));
  }

  /** Tells the server, as well as that can be done without waiting. */
  close(code = 1000): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort();
    if (!this.#link) return;
    this.#frame(CLOSE, Uint8Array.of(code >> 8, code & 255));
    void this.#ask({ link: this.#link, number: ++this.#number }, { keepalive: true }).catch(() => undefined);
  }

  async #hear(polls: boolean, protocol: string): Promise<void> {
    this.protocol = protocol;
    let query: Record<string, string | number> = { way: polls ? 'poll' : 'stream', protocol };
    do {
      const { body } = await this.#ask(query, this.#whileOpen);
      const reader = body!.getReader();
      for (let piece; !(piece = await reader.read()).done;) this.#take(piece.value);
      query = { link: this.#link, arrived: this.#arrived };
    } while (polls);
    this.#end(1006, 'the response has ended');
  }

  async #flush(): Promise<void> {
    this.#sending = true;
    while (this.#unsent.size) await this.#ask({ link: this.#link, number: ++this.#number }, this.#whileOpen);
    this.#sending = false;
  }

  /** A request that browsers send to any origin without asking first. What is unsent goes with those that say so. */
  async #ask(query: Record<string, string | number>, options: RequestInit): Promise<Response> {
    const url = new URL(this.#url);
    for (const name in query) url.searchParams.set(name, `${query[name]}`);
    let body;
    if ('number' in query) {
      body = this.#unsent.slice(0, MOST);
      this.#unsent = this.#unsent.slice(MOST);
    }
    const request: RequestInit = { method: 'POST', credentials: 'omit', ...options };
    if (body) request.body = body;
    const response = await fetch(url, request);
    if (!response.ok) throw new Error(`HTTP ${response.status} ${await response.text()}`);
    return response;
  }

  #frame(kind: number, payload: Uint8Array<ArrayBuffer>): void {
    const { length } = payload;
    const header = length < 126 ? [length] : [126, length >> 8, length & 255];
    if (length > 65_535)
      header.splice(0, 3, 127, 0, 0, 0, 0, length >>> 24, length >> 16, length >> 8, length);
    header[0]! |= MASKED;
    this.#unsent = new Blob([this.#unsent, Uint8Array.of(kind, ...header, 0, 0, 0, 0), payload]);
  }

  #take(piece: Uint8Array): void {
    this.#arrived += piece.length;
    const read = new Uint8Array(this.#read.length + piece.length);
    read.set(this.#read);
    read.set(piece, this.#read.length);
    let at = 0;
    while (read.length >= at + 2) {
      const view = new DataView(read.buffer, at);
      let length = view.getUint8(1);
      let start = at + 2;
      if (length > 125) {
        const wide = length > 126 ? 8 : 2;
        if (read.length < start + wide) break;
        length = wide > 2 ? view.getUint32(6) : view.getUint16(2);
        start += wide;
      }
      if (read.length < start + length) break;
      at = start + length;
      this.#tell(view.getUint8(0), read.slice(start, at));
    }
    this.#read = read.slice(at);
  }

  #tell(kind: number, payload: Uint8Array<ArrayBuffer>): void {
    if (kind === BINARY) this.onmessage?.({ data: payload.buffer });
    else if (kind === TEXT) {
      this.#link = new TextDecoder().decode(payload);
      this.onopen?.();
    } else if (kind === CLOSE) {
      this.#end((payload[0]! << 8) | payload[1]!, new TextDecoder().decode(payload.subarray(2)));
    }
  }

  #end(code: number, reason: string): void {
    this.#abort.abort();
    this.onclose?.({ code, reason });
  }
}

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
export function tunnel(url: string, polls: boolean, [protocol, other]: readonly string[]): Carrier {
  const over = new AbortController();
  const whileOpen: RequestInit = { signal: over.signal };
  /** What is read and no whole frame. */
  let read = new Uint8Array();
  let arrived = 0;
  let link = '';
  /** What is to be sent, and how many requests have been. */
  let unsent = new Blob();
  let number = 0;
  let isSending = false;

  const carrier: Carrier & { protocol: string } = {
    onopen: null,
    onmessage: null,
    onclose: null,
    protocol: protocol!,
    send(message) {
      frame(BINARY, message);
      if (!isSending) flush().catch(fail);
    },
    /** Tells the server, as well as that can be done without waiting. */
    close(code = 1000) {
      if (over.signal.aborted) return;
      over.abort();
      if (!link) return;
      frame(CLOSE, Uint8Array.of(code >> 8, code));
      post({ keepalive: true }).catch(() => undefined);
    },
  };

  async function hear(): Promise<void> {
    let query: Record<string, string | number> = {
      way: polls ? 'poll' : 'stream',
      protocol: carrier.protocol,
    };
    do {
      const { body } = await ask(query);
      const reader = body!.getReader();
      for (let piece; !(piece = await reader.read()).done;) take(piece.value);
      query = { link, arrived };
    } while (polls);
    end(1006, 'the response has ended');
  }

  async function flush(): Promise<void> {
    isSending = true;
    while (unsent.size) await post();
    isSending = false;
  }

  function post(options = whileOpen): Promise<Response> {
    const body = unsent.slice(0, MOST);
    unsent = unsent.slice(MOST);
    return ask({ link, number: ++number }, { ...options, body });
  }

  /** A request that browsers send to any origin without asking first. */
  async function ask(query: Record<string, string | number>, options = whileOpen): Promise<Response> {
    const address = new URL(url.replace('ws', 'http'));
    for (const name in query) address.searchParams.set(name, `${query[name]}`);
    const response = await fetch(address, { method: 'POST', credentials: 'omit', ...options });
    if (!response.ok) throw new Error(`HTTP ${response.status} ${await response.text()}`);
    return response;
  }

  function frame(kind: number, payload: Uint8Array<ArrayBuffer>): void {
    const { length } = payload;
    const header = length < 126 ? [length] : [126, length >> 8, length];
    if (length > 65_535) header.splice(0, 2, 127, 0, 0, 0, 0, length >>> 24, length >> 16, length >> 8);
    header[0]! |= MASKED;
    unsent = new Blob([unsent, Uint8Array.of(kind, ...header, 0, 0, 0, 0), payload]);
  }

  function take(piece: Uint8Array): void {
    arrived += piece.length;
    const all = new Uint8Array(read.length + piece.length);
    all.set(read);
    all.set(piece, read.length);
    let at = 0;
    while (all.length >= at + 2) {
      const view = new DataView(all.buffer, at);
      let length = view.getUint8(1);
      let start = at + 2;
      if (length > 125) {
        const wide = length > 126 ? 8 : 2;
        if (all.length < start + wide) break;
        length = wide > 2 ? view.getUint32(6) : view.getUint16(2);
        start += wide;
      }
      if (all.length < start + length) break;
      at = start + length;
      tell(view.getUint8(0), all.slice(start, at));
    }
    read = all.slice(at);
  }

  function tell(kind: number, payload: Uint8Array<ArrayBuffer>): void {
    if (kind === BINARY) carrier.onmessage?.({ data: payload.buffer });
    else if (kind === TEXT) {
      link = new TextDecoder().decode(payload);
      carrier.onopen?.();
    } else if (kind === CLOSE) {
      end((payload[0]! << 8) | payload[1]!, new TextDecoder().decode(payload.subarray(2)));
    }
  }

  function fail(error: unknown): void {
    end(1006, String(error));
  }

  function end(code: number, reason: string): void {
    over.abort();
    carrier.onclose?.({ code, reason });
  }

  hear()
    .catch((error: unknown) => {
      // A server that does not know the first protocol says so.
      if (!other || !/HTTP 400/.test(String(error))) throw error;
      carrier.protocol = other;
      return hear();
    })
    .catch(fail);
  return carrier;
}

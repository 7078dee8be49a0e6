/** What carries a link's messages: a WebSocket, or what stands in for one. */
export interface Carrier {
  onopen: (() => void) | null;
  onmessage: ((event: { data: ArrayBuffer | string }) => void) | null;
  /** `moved`: nothing but a leader of tabs was lost, so that it may be tried again at once. */
  onclose: ((event: { code: number; reason: string; moved?: boolean }) => void) | null;
  /** The subprotocol that the server chose, once it is open. */
  readonly protocol?: string;
  send(message: Uint8Array<ArrayBuffer>): void;
  close(code?: number): void;
}

/** The ways to a server, in the order in which they are tried. */
const WEBSOCKET = 0;
const POLL = 2;

/** What does not open within so long is joined by the next way; the first that opens is taken. */
const SLOW_MS = 1_400;
/** So many links in a row must fail to open before a way that has worked is doubted. */
const DOUBTS = 3;

/** For as long as the page lives: the way that has worked to an address, and how often it has failed since. */
const known = new Map<string, { way: number; failed: number }>();

/** One link to a server: a WebSocket where one opens, otherwise a streamed response, otherwise polls. */
export class Link implements Carrier {
  onopen: Carrier['onopen'] = null;
  onmessage: Carrier['onmessage'] = null;
  onclose: Carrier['onclose'] = null;
  protocol = '';
  readonly #url: string;
  readonly #protocols: string[];
  /** Those that are opening, or the one that has opened. */
  readonly #carriers = new Set<Carrier>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #next: number | undefined;
  #over = false;

  constructor(url: string, ...before: string[]) {
    this.#url = url;
    this.#protocols = [...before, 'tidewire.v1.postcard'];
    // A way that has worked stands alone.
    const way = known.get(url)?.way;
    if (way === undefined) this.#try(WEBSOCKET);
    else this.#begin(way);
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    for (const carrier of this.#carriers) carrier.send(message);
  }

  close(code?: number): void {
    this.#over = true;
    for (const carrier of this.#carriers) this.#drop(carrier, code);
    clearTimeout(this.#timer);
  }

  /** Begins one way, and another beside it if that takes long. */
  #try(way: number): void {
    this.#next = way === POLL ? undefined : way + 1;
    clearTimeout(this.#timer);
    if (this.#next) this.#timer = setTimeout(() => this.#try(this.#next!), SLOW_MS);
    this.#begin(way);
  }

  #begin(way: number): void {
    if (way === WEBSOCKET) {
      try {
        const socket = new WebSocket(this.#url, this.#protocols);
        socket.binaryType = 'arraybuffer';
        // Of a socket that the page's policy forbids, Chromium tells an error and never a close.
        socket.onerror = () => (socket as never as Carrier).onclose?.({ code: 1006, reason: '' });
        this.#watch(socket as never, way);
      } catch (error) {
        // As for `ws:` from an `https:` page, to which no other way leads either. Told when somebody listens.
        queueMicrotask(() => this.#end({ code: 1006, reason: (error as Error).message }));
      }
      return;
    }
    import('./tunnel.ts').then(
      ({ Tunnel }) => this.#over || this.#watch(new Tunnel(this.#url, way === POLL, this.#protocols), way),
      (error: unknown) => this.#fail({ code: 1006, reason: String(error) }),
    );
  }

  #watch(carrier: Carrier, way: number): void {
    this.#carriers.add(carrier);
    carrier.onopen = () => {
      known.set(this.#url, { way, failed: 0 });
      this.#next = undefined;
      for (const other of this.#carriers) if (other !== carrier) this.#drop(other);
      clearTimeout(this.#timer);
      this.#over = true;
      this.protocol = carrier.protocol!;
      carrier.onmessage = event => this.onmessage?.(event);
      carrier.onclose = event => {
        this.#drop(carrier);
        this.onclose?.(event);
      };
      this.onopen?.();
    };
    carrier.onclose = event => {
      this.#drop(carrier);
      this.#fail(event);
    };
  }

  /** One way has failed. */
  #fail(event: { code: number; reason: string }): void {
    if (this.#over) return;
    if (this.#next) return this.#try(this.#next);
    if (this.#carriers.size) return;
    const way = known.get(this.#url);
    if (way && ++way.failed >= DOUBTS) known.delete(this.#url);
    this.#end(event);
  }

  #end(event: { code: number; reason: string }): void {
    this.close();
    this.onclose?.(event);
  }

  #drop(carrier: Carrier, code?: number): void {
    this.#carriers.delete(carrier);
    carrier.onopen = carrier.onmessage = carrier.onclose = null;
    carrier.close(code);
  }
}

/** Begins a link to a server, which is to choose one of these subprotocols, or else its usual one. */
export function dial(url: string, ...before: string[]): Link {
  return new Link(url, ...before);
}

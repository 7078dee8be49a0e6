import { tunnel } from './tunnel.ts';

/** What carries a link's messages: a WebSocket, or what stands in for one. */
export interface Carrier {
  onopen: (() => void) | null;
  /** `at`: where in the data the message begins, if not at its beginning. */
  onmessage: ((event: { data: ArrayBuffer | string; at?: number }) => void) | null;
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
export type Link = Carrier & { protocol: string };

/** Begins a link to a server, which is to choose one of these subprotocols, or else its usual one. */
export function dial(url: string, ...before: string[]): Link {
  const protocols = [...before, 'tidewire.v1.postcard'];
  /** Those that are opening, or the one that has opened. */
  const carriers = new Set<Carrier>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next: number | undefined;
  let isOver = false;

  const link: Link = {
    onopen: null,
    onmessage: null,
    onclose: null,
    protocol: '',
    send(message) {
      for (const carrier of carriers) carrier.send(message);
    },
    close(code) {
      settle();
      for (const carrier of carriers) drop(carrier, code);
      globalThis.removeEventListener?.('pagehide', hide);
    },
  };

  /** A page that has a link is not kept in the back/forward cache; its session opens another at `pageshow`. */
  function hide({ persisted }: PageTransitionEvent): void {
    if (persisted) end({ code: 1006, reason: 'the page went into the back/forward cache' });
  }

  /** Begins one way, and another beside it if that takes long. */
  function attempt(way: number): void {
    next = way === POLL ? undefined : way + 1;
    clearTimeout(timer);
    if (next) timer = setTimeout(() => attempt(next!), SLOW_MS);
    begin(way);
  }

  function begin(way: number): void {
    if (way === WEBSOCKET) {
      try {
        const socket = new WebSocket(url, protocols);
        socket.binaryType = 'arraybuffer';
        // Of a socket that the page's policy forbids, Chromium tells an error and never a close.
        socket.onerror = () => (socket as never as Carrier).onclose?.({ code: 1006, reason: '' });
        watch(socket as never, way);
      } catch (error) {
        // As for `ws:` from an `https:` page, to which no other way leads either. Told when somebody listens.
        queueMicrotask(() => end({ code: 1006, reason: (error as Error).message }));
      }
      return;
    }
    watch(tunnel(url, way === POLL, protocols), way);
  }

  function watch(carrier: Carrier, way: number): void {
    carriers.add(carrier);
    carrier.onopen = () => {
      known.set(url, { way, failed: 0 });
      next = undefined;
      for (const other of carriers) if (other !== carrier) drop(other);
      settle();
      link.protocol = carrier.protocol!;
      carrier.onmessage = event => link.onmessage?.(event);
      carrier.onclose = end;
      link.onopen?.();
    };
    carrier.onclose = event => {
      drop(carrier);
      fail(event);
    };
  }

  /** One way has failed. */
  function fail(event: { code: number; reason: string }): void {
    if (isOver) return;
    if (next) return attempt(next);
    if (carriers.size) return;
    const way = known.get(url);
    if (way && ++way.failed >= DOUBTS) known.delete(url);
    end(event);
  }

  function end(event: { code: number; reason: string }): void {
    link.close();
    link.onclose?.(event);
  }

  /** No other way is tried any more. */
  function settle(): void {
    isOver = true;
    clearTimeout(timer);
  }

  function drop(carrier: Carrier, code?: number): void {
    carriers.delete(carrier);
    carrier.onopen = carrier.onmessage = carrier.onclose = null;
    carrier.close(code);
  }

  globalThis.addEventListener?.('pagehide', hide);
  // A way that has worked stands alone.
  const way = known.get(url)?.way;
  if (way === undefined) attempt(WEBSOCKET);
  else begin(way);
  return link;
}

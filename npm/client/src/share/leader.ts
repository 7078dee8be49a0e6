import type { Link } from '../link.ts';
import { CLOSED, MESSAGE, SHARED, read, written } from './wire.ts';
import { ALONE, ASKS, HEARD, HOLDS, NAMES, SAYS, SHUTS, weight, type Word } from './word.ts';

/** Bytes that may be under way to a tab; beyond that its links are over. Channels between tabs have no bound. */
const MOST_UNHEARD = 1 << 22;
const LOST = 1006;
/** The node goes away, or takes no more on this socket. */
const FULL = [4000, 4006];

/** Takes a message for these streams in; what it says begins at `at`. */
export type Take = (message: ArrayBuffer, names: readonly number[], at: number) => void;

export interface Leader {
  /** Takes what a tab says, also its own. */
  hear(word: Word): void;
  isIdle(): boolean;
  close(): void;
}

interface Tab {
  post(word: Word): void;
  unheard: number;
}

/** A link of a tab. */
interface Stream {
  tab: Tab;
  number: number;
  socket: Link;
  /** What the server calls it, once something was said. */
  name?: number;
}

/**
 * Keeps the socket for all tabs, and while its node goes away also the next one. `common` reaches all other tabs,
 * `own` the leader's, which `take`s messages at once; `alone` takes what is open to a server that knows of no shared
 * sockets.
 */
export function lead(
  dialShared: () => Link,
  id: string,
  common: BroadcastChannel,
  own: (word: Word) => void,
  take: Take,
  alone: (open: Link) => void,
): Leader {
  const self: Tab = { post: own, unheard: 0 };
  const tabs = new Map([[id, self]]);
  const streams = new Set<Stream>();
  const over = new AbortController();
  /** Where new streams go. */
  let current: Link | undefined;
  let lastName = 0;
  let isAlone = false;

  /** Each tab locks a name of its own while it lives: so its end is noticed, however it comes. */
  function meet(tabId: string): Tab {
    const name = common.name + tabId;
    const channel = new BroadcastChannel(name);
    const tab = { post: (word: Word) => channel.postMessage(word), unheard: 0 };
    tabs.set(tabId, tab);
    // One that led before may still speak here.
    channel.onmessage = ({ data }) => data[1] === tabId && hear(data);
    const close = () => channel.close();
    over.signal.addEventListener('abort', close);
    const gone = () => {
      tabs.delete(tabId);
      endAll(stream => stream.tab === tab, LOST);
      close();
    };
    navigator.locks.request(name, over, gone).catch(() => undefined);
    return tab;
  }

  function hear([kind, from, number = 0, elder, body]: Word): void {
    const tab = tabs.get(from) ?? meet(from);
    if (kind === HEARD) tab.unheard -= number;
    const find = (wanted: number | undefined) =>
      [...streams].find(stream => stream.tab === tab && stream.number === wanted);
    let stream = find(number);
    if (kind === ASKS) {
      if (isAlone) return tab.post([ALONE, id]);
      if (!stream) {
        if (!current || find(elder)?.socket === current) current = dial();
        streams.add((stream = { tab, number, socket: current }));
      }
      hold(stream);
    }
    if (!stream) return;
    if (kind === SAYS) {
      // Only now: names are to rise from one first message to the next.
      if (!stream.name) tab.post([NAMES, id, number, (stream.name = ++lastName)]);
      stream.socket.send(written(stream.name, MESSAGE, body as Uint8Array<ArrayBuffer>));
    } else if (kind === SHUTS) end(stream, LOST);
  }

  function hold({ tab, number, socket }: Stream): void {
    tab.post([HOLDS, id, number, +!!socket.protocol]);
  }

  function dial(): Link {
    const socket = dialShared();
    const on = (stream: Stream) => stream.socket === socket;
    socket.onopen = () => {
      const waiting = [...streams].filter(on);
      if (socket.protocol === SHARED) return waiting.forEach(hold);
      isAlone = true;
      for (const stream of waiting) streams.delete(stream);
      common.postMessage([ALONE, id]);
      alone(socket);
    };
    socket.onmessage = ({ data }) => {
      try {
        relay(data as ArrayBuffer);
      } catch {
        endAll(on, LOST);
      }
    };
    socket.onclose = ({ code, reason }) => endAll(on, code, reason);
    return socket;
  }

  function relay(message: ArrayBuffer): void {
    const [kind, names, at] = read(message);
    const meant = ({ name }: Stream) => names.includes(name!);
    if (kind === MESSAGE) {
      const to = new Set<Tab>();
      for (const stream of streams) if (meant(stream)) to.add(stream.tab);
      const isOwn = to.delete(self);
      if (to.size) spread(to, message);
      if (isOwn) take(message, names, at);
    }
    if (kind !== CLOSED) return;
    const code = new DataView(message).getUint16(at, true);
    // What comes next needs another socket.
    if (FULL.includes(code)) current = undefined;
    endAll(meant, code, new TextDecoder().decode(message.slice(at + 2)));
  }

  /** To one other tab by its own channel, to several at once by the common one. */
  function spread(to: Set<Tab>, message: ArrayBuffer): void {
    const hangs = ({ unheard }: Tab) => unheard > MOST_UNHEARD;
    const word: Word = [SAYS, id, 0, 0, message];
    // The common one would grow without end where one tab hangs.
    const toAll = to.size > 1 && ![...tabs.values()].some(hangs);
    if (toAll) common.postMessage(word);
    for (const tab of toAll ? tabs.values() : to) {
      if (tab === self) continue;
      tab.unheard += weight(message);
      if (!toAll) tab.post(word);
      if (hangs(tab)) endAll(stream => stream.tab === tab, LOST);
    }
  }

  function endAll(which: (stream: Stream) => boolean, code: number, reason?: string): void {
    for (const stream of [...streams].filter(which)) end(stream, code, reason);
  }

  /** Tells both sides: the one that knows already does not mind. */
  function end(stream: Stream, code: number, reason?: string): void {
    const { tab, number, socket, name } = stream;
    streams.delete(stream);
    if (name) socket.send(written(name, CLOSED));
    tab.post([SHUTS, id, number, code, reason]);
    if ([...streams].some(other => other.socket === socket)) return;
    if (current === socket) current = undefined;
    socket.close();
  }

  return {
    hear,
    isIdle: () => !streams.size,
    close() {
      endAll(() => true, 0);
      over.abort();
    },
  };
}

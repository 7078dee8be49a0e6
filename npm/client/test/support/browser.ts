import { AsyncLocalStorage } from 'node:async_hooks';
import { setMaxListeners } from 'node:events';
import { onTestFinished, vi } from 'vitest';
import { join, type Open, type SharedLink } from '../../src/share/tabs.ts';
import { Socket } from './socket.ts';

/** In which tab code runs, as all of them live in this process. */
const running = new AsyncLocalStorage<Tab>();

interface Request {
  name: string;
  tab: Tab | undefined;
  callback: (lock: object | null) => unknown;
  settle: (error?: Error) => void;
}

/** Stands in for the browser's Web Locks. */
class Locks {
  isBlocked = false;
  #held: Request[] = [];
  #queue: Request[] = [];

  request(name: string, options: LockOptions, callback: Request['callback']): Promise<unknown> {
    if (typeof options === 'function') [options, callback] = [{}, options];
    const tab = running.getStore();
    return new Promise((resolve, reject) => {
      const settle = (error?: Error) => (error ? reject(error) : resolve(undefined));
      if (this.isBlocked) return settle(new DOMException('not from here', 'SecurityError'));
      const inTab: Request['callback'] = lock => running.run(tab!, () => callback(lock));
      const request = { name, tab, callback: inTab, settle };
      options.signal?.addEventListener('abort', () => {
        if (!this.#queue.includes(request)) return;
        this.#queue = this.#queue.filter(other => other !== request);
        settle(new DOMException('aborted', 'AbortError'));
      });
      queueMicrotask(() => this.#process(request, options));
    });
  }

  /** A tab is gone, and with it what it held and waited for. */
  forget(tab: Tab): void {
    this.#queue = this.#queue.filter(request => request.tab !== tab);
    for (const request of this.#held) if (request.tab === tab) this.#release(request);
  }

  #process(request: Request, options: LockOptions): void {
    const holder = this.#held.find(({ name }) => name === request.name);
    if (holder && options.ifAvailable) return void this.#run(request, null);
    if (holder && !options.steal) return void this.#queue.push(request);
    this.#held = this.#held.filter(other => other !== holder);
    holder?.settle(new DOMException('stolen', 'AbortError'));
    this.#grant(request);
  }

  #grant(request: Request): void {
    this.#held.push(request);
    void this.#run(request, {}).then(() => this.#release(request));
  }

  async #run(request: Request, lock: object | null): Promise<void> {
    await request.callback(lock);
    request.settle();
  }

  #release(request: Request): void {
    if (!this.#held.includes(request)) return;
    this.#held = this.#held.filter(other => other !== request);
    const next = this.#queue.find(({ name }) => name === request.name);
    this.#queue = this.#queue.filter(other => other !== next);
    if (next) this.#grant(next);
  }
}

/** Stands in for the browser's channels between tabs. */
class Channel {
  static all = new Set<Channel>();
  onmessage: ((event: { data: unknown }) => void) | null = null;
  readonly #tab = running.getStore();

  constructor(readonly name: string) {
    if (!this.#tab) throw new DOMException('not from here', 'SecurityError');
    Channel.all.add(this);
  }

  postMessage(message: unknown): void {
    this.#tab!.posted += 1;
    for (const other of Channel.all) {
      if (other === this || other.name !== this.name) continue;
      const data = structuredClone(message);
      queueMicrotask(() => other.#tab!.does(() => other.onmessage?.({ data })));
    }
  }

  close(): void {
    this.onmessage = null;
    Channel.all.delete(this);
  }
}

let browsers = 0;

/** A browser whose tabs share one address, and the test plays the server. */
export class Browser {
  readonly url = `ws://browser-${(browsers += 1)}/v1/connect`;
  readonly locks = new Locks();
  readonly page = Object.assign(new EventTarget(), { hidden: false });

  constructor() {
    Channel.all.clear();
    Socket.last = undefined;
    // All tabs listen to this one page.
    setMaxListeners(Infinity, this.page);
    vi.stubGlobal('navigator', { locks: this.locks });
    vi.stubGlobal('BroadcastChannel', Channel);
    vi.stubGlobal('WebSocket', Socket);
    vi.stubGlobal('document', this.page);
    vi.stubGlobal('addEventListener', this.page.addEventListener.bind(this.page));
    vi.stubGlobal('removeEventListener', this.page.removeEventListener.bind(this.page));
    onTestFinished(() => {
      // The tabs end with the test: their timers would find no page.
      this.page.dispatchEvent(new Event('freeze'));
      vi.unstubAllGlobals();
    });
  }

  tab(): Tab {
    return new Tab(this);
  }
}

/** One of a browser's tabs. */
export class Tab {
  posted = 0;
  readonly #browser: Browser;
  readonly #open: Open;
  /** What it is to do once it hangs no more. */
  #waiting: (() => void)[] | undefined;
  #isGone = false;

  constructor(browser: Browser) {
    this.#browser = browser;
    this.#open = running.run(this, () => join(browser.url, () => undefined));
  }

  does(something: () => void): void {
    if (this.#isGone) return;
    if (this.#waiting) this.#waiting.push(something);
    else running.run(this, something);
  }

  /** A link that a session opens, not on the socket of another. */
  opens(elder?: Heard): Heard {
    return running.run(this, () => new Heard(this.#open(elder?.link)!));
  }

  /** It runs no more, and the browser knows. */
  crashes(): void {
    this.#isGone = true;
    this.#browser.locks.forget(this);
  }

  hangs(): void {
    this.#waiting = [];
  }

  goesOn(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const something of waiting) this.does(something);
  }
}

/** A link, and what is heard over it. */
export class Heard {
  readonly link: SharedLink;
  readonly events: string[] = [];

  constructor(link: SharedLink) {
    this.link = link;
    this.link.onopen = () => this.events.push('open');
    this.link.onmessage = ({ data, at }) => this.events.push(Buffer.from(data as ArrayBuffer, at).toString());
    this.link.onclose = ({ code, reason, moved }) =>
      this.events.push(moved ? 'moved' : `closed ${code} ${reason}`.trim());
  }

  says(text: string): void {
    this.link.send(new Uint8Array(Buffer.from(text)));
  }
}

/** A server's end of a shared socket. */
export class Served {
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
  }

  /** Takes the next socket that is opened. */
  static async next(protocol = 'tidewire.v1.shared'): Promise<Served> {
    const socket = await Socket.next();
    socket.protocol = protocol;
    socket.opens();
    return new Served(socket);
  }

  /** What came since the last time: stream, kind, and the rest. */
  heard(): string[] {
    return this.socket.sent
      .splice(0)
      .map(said => `${said.readUInt32LE(0)}:${said[4] === 1 ? said.subarray(5) : 'closed'}`);
  }

  says(text: string, ...streams: number[]): void {
    this.#send(1, streams, Buffer.from(text));
  }

  closes(stream: number, code: number, reason: string): void {
    this.#send(2, [stream], Buffer.from([code & 255, code >> 8, ...Buffer.from(reason)]));
  }

  #send(kind: number, streams: number[], rest: Buffer): void {
    const head = Uint8Array.of(kind, streams.length);
    const message = Buffer.concat([head, new Uint8Array(Uint32Array.from(streams).buffer), rest]);
    this.socket.receives(Uint8Array.from(message).buffer);
  }
}

/** All that is under way arrives. */
export async function settled(): Promise<void> {
  await new Promise(resolve => setImmediate(resolve));
}

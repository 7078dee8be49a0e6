// Feeds recorded messages to our client and to centrifuge's, in a page, through a WebSocket that is none.
import { Centrifuge } from 'centrifuge';
import { createClient, defineChannel } from '@tidewire/client/slim';

const RealWebSocket = globalThis.WebSocket;
const wasm = fetch('/tidewire.wasm').then(answer => answer.arrayBuffer());

/** What a server said to our client: word by word what opens a subscription, and then frame by frame. */
const recorded = { opening: [] as ArrayBuffer[], frames: [] as Uint8Array[] };
/** The same publications' payloads, for the other. */
const payloads: string[] = [];

const { port1, port2 } = new MessageChannel();
/** When everything that is waiting has been done: as for a browser's next message. */
const task = () => new Promise<void>(resolve => ((port1.onmessage = () => resolve()), port2.postMessage(0)));

/** Records what a real server says, until so many publications have come. */
async function record(url: string, count: number): Promise<void> {
  const messages: ArrayBuffer[] = [];
  globalThis.WebSocket = class extends RealWebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      this.addEventListener('message', ({ data }) => messages.push(data as ArrayBuffer));
    }
  };
  const client = createClient({ url, wasm: () => wasm, autoConnect: false, share: false });
  await new Promise<void>(resolve => {
    client.channel(defineChannel('bench:all')).subscribe({
      subscribed: () => {
        recorded.opening.push(...messages.splice(0));
        void document.documentElement.setAttribute('data-live', '');
      },
      message: data => {
        if (payloads.push(JSON.stringify(data)) === count) resolve();
      },
    });
    client.connect();
  });
  client.close();
  for (const message of messages) recorded.frames.push(...framesOf(new Uint8Array(message)));
}

/** Each frame with its length before it; what is no publication is left out. */
function framesOf(message: Uint8Array): Uint8Array[] {
  const PUBLICATION = 2;
  const frames: Uint8Array[] = [];
  for (let at = 0; at < message.length;) {
    let length = 0;
    let end = at;
    for (let shift = 0; ; shift += 7) {
      const byte = message[end++]!;
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (message[end] === PUBLICATION) frames.push(message.subarray(at, end + length));
    at = end + length;
  }
  return frames;
}

/** A WebSocket that says what it is told to. */
class Socket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static last: Socket | undefined;
  /** What a client says, for who answers in the server's place. */
  static answer: (socket: Socket, message: unknown) => void = () => {};
  readyState = 1;
  binaryType = 'blob';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor() {
    Socket.last = this;
    setTimeout(() => this.onopen?.());
  }
  send(message: unknown): void {
    Socket.answer(this, message);
  }
  addEventListener(name: string, hear: never): void {
    Object.assign(this, { [`on${name}`]: hear });
  }
  removeEventListener(): void {}
  close(): void {}
}

const until = async (isDone: () => unknown) => {
  while (!isDone()) await new Promise(resolve => setTimeout(resolve, 1));
};

/** Feeds a client that is ready all messages, and closes it. */
type Feed = () => Promise<void>;

let ready: Feed | undefined;

function feeding(messages: readonly (ArrayBuffer | string)[], heard: () => number, close: () => void): Feed {
  const socket = Socket.last!;
  return async () => {
    for (const data of messages) {
      socket.onmessage!({ data });
      await task();
    }
    if (heard() !== payloads.length)
      throw new Error(`${heard()} of ${payloads.length} messages were handed over`);
    close();
  };
}

async function tidewire(batch: number): Promise<Feed> {
  const messages: ArrayBuffer[] = [];
  for (let at = 0; at < recorded.frames.length; at += batch) {
    const frames = recorded.frames.slice(at, at + batch);
    const message = new Uint8Array(frames.reduce((sum, { length }) => sum + length, 0));
    let end = 0;
    for (const frame of frames) {
      message.set(frame, end);
      end += frame.length;
    }
    messages.push(message.buffer);
  }
  globalThis.WebSocket = Socket as never;
  Socket.last = undefined;
  Socket.answer = () => {};
  const client = createClient({ url: 'ws://replayed', wasm: () => wasm, autoConnect: false, share: false });
  let heard = 0;
  let sum = 0;
  const subscription = client
    .channel(defineChannel<{ price: number }>('bench:all'))
    .subscribe(({ price }) => {
      heard++;
      sum += price;
    });
  client.connect();
  await until(() => Socket.last);
  await task();
  await new Promise(resolve => setTimeout(resolve, 5));
  for (const data of recorded.opening) Socket.last!.onmessage!({ data });
  await until(() => subscription.status === 'live');
  return feeding(
    messages,
    () => heard,
    () => {
      client.close();
      if (!Number.isFinite(sum)) throw new Error('prices are no numbers');
    },
  );
}

async function centrifuge(batch: number): Promise<Feed> {
  const pushes = payloads.map(
    (data, at) => `{"push":{"channel":"bench:all","pub":{"data":${data},"offset":${at + 1}}}}`,
  );
  const messages: string[] = [];
  for (let at = 0; at < pushes.length; at += batch) messages.push(pushes.slice(at, at + batch).join('\n'));
  Socket.answer = (socket, message) => {
    for (const line of String(message).split('\n')) {
      const { id, connect, subscribe } = JSON.parse(line) as Record<string, unknown>;
      const connected = { client: 'c', version: '6', ping: 25, pong: true };
      const subscribed = { recoverable: true, positioned: true, epoch: 'e', offset: 0 };
      const reply = connect
        ? { id, connect: connected }
        : subscribe
          ? { id, subscribe: subscribed }
          : undefined;
      if (reply) setTimeout(() => socket.onmessage?.({ data: JSON.stringify(reply) }));
    }
  };
  const client = new Centrifuge('ws://replayed', { websocket: Socket });
  let heard = 0;
  let sum = 0;
  const subscription = client.newSubscription('bench:all');
  subscription.on('publication', ({ data }: { data: { price: number } }) => {
    heard++;
    sum += data.price;
  });
  subscription.subscribe();
  client.connect();
  await until(() => (subscription.state as string) === 'subscribed');
  return feeding(
    messages,
    () => heard,
    () => {
      client.disconnect();
      if (!Number.isFinite(sum)) throw new Error('prices are no numbers');
    },
  );
}

Object.assign(globalThis, {
  record,
  prepare: {
    tidewire: async (batch: number) => void (ready = await tidewire(batch)),
    centrifuge: async (batch: number) => void (ready = await centrifuge(batch)),
  },
  run: () => ready!(),
});

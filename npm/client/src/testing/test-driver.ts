import type { Driver, Host } from '../driver.ts';
import type { Gap, TidewireError } from '../index.ts';
import type { RawMessage } from '../message.ts';
import type { Payload } from '../payload.ts';
import type { Member } from '../presence.ts';
import type { RequestEvent } from '../unpack.ts';
import { offsetOf, position, type TestLog } from './test-log.ts';

/** What a driver asks of the server in memory. */
export interface Backend {
  /** Whether clients get through to it. */
  isReachable(): boolean;
  log(channel: string): TestLog;
  /** Who is there besides the test's clients, and these. */
  members(channel: string): readonly Member[];
  /** A client of the test subscribes to a channel, or leaves it. */
  changed(channel: string, kind: 'joined' | 'left', member: Member): void;
  /** Why nobody may subscribe and publish there, where that is so. */
  refusal(channel: string): TidewireError | undefined;
  /** Appends to the log and hands the publication to all who are connected; gives its place. */
  take(channel: string, payload: Payload): string;
}

interface Subscriber {
  readonly id: number;
  readonly channel: string;
  /** Up to where it has everything. */
  offset: number;
}

type Waiting = () => void;

const PAGE = 500;

/** Runs a client against a server in memory: no WebAssembly, no socket, no timer. */
export class TestDriver implements Driver {
  readonly #name: string;
  readonly #backend: Backend;
  readonly #host: Host;
  readonly #subscribers = new Map<number, Subscriber>();
  /** The watches of who is in a channel. */
  readonly #watches = new Map<number, string>();
  #waiting: Waiting[] = [];
  #phase: 'idle' | 'connecting' | 'live' | 'waiting' | 'closed' = 'idle';
  #connections = 0;

  constructor(name: string, backend: Backend, host: Host) {
    this.#name = name;
    this.#backend = backend;
    this.#host = host;
  }

  connect(): void {
    if (this.#phase === 'connecting' || this.#phase === 'live') return;
    this.#phase = 'connecting';
    this.#host([{ kind: 'status', detail: { status: 'connecting' } }, { kind: 'fetch-token' }]);
  }

  token(): void {
    if (this.#phase !== 'connecting') return;
    if (this.#backend.isReachable()) this.#goLive();
    else this.loseConnection('the server does not answer');
  }

  noToken(reason: string, final: boolean): void {
    if (!final) return this.loseConnection(reason);
    this.#phase = 'closed';
    this.#host([{ kind: 'status', detail: { status: 'closed', reason } }]);
  }

  /** The connection breaks; the next attempt comes when the test says so. */
  loseConnection(reason: string): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'waiting';
    this.#host([{ kind: 'status', detail: { status: 'waiting', reason, until: Date.now() } }]);
  }

  /** Another connection takes over. */
  move(): void {
    if (this.#phase === 'live') this.#goLive();
  }

  close(): void {
    this.#phase = 'closed';
    this.#waiting = [];
    this.#host([{ kind: 'status', detail: { status: 'closed', reason: 'closed by the application' } }]);
  }

  free(): void {
    this.#subscribers.clear();
  }

  subscribe(id: number, channel: string, last: number, since: string | undefined): void {
    const log = this.#backend.log(channel);
    const offset = since === undefined ? log.newest - log.last(last).length : offsetOf(since);
    const subscriber = { id, channel, offset };
    this.#subscribers.set(id, subscriber);
    if (this.#phase !== 'live') return;
    this.#host(this.#resume(subscriber));
    this.#tellOfMe(channel, 'joined', 1);
  }

  unsubscribe(id: number): void {
    const subscriber = this.#subscribers.get(id);
    this.#subscribers.delete(id);
    if (subscriber && this.#phase === 'live') this.#tellOfMe(subscriber.channel, 'left', 0);
  }

  publish(id: number, channel: string, published: Payload): void {
    this.#whenLive(() => {
      const error = this.#backend.refusal(channel);
      if (error) return this.#host([{ kind: 'failed', id, error }]);
      const payload = typeof published === 'string' ? published : published.slice();
      this.#host([{ kind: 'published', id, position: this.#backend.take(channel, payload) }]);
    });
  }

  history(id: number, channel: string, since: string | undefined, limit: number): void {
    this.#whenLive(() => {
      const log = this.#backend.log(channel);
      const page = since === undefined ? undefined : log.since(offsetOf(since));
      const all = page?.messages ?? log.last(limit || Infinity);
      const messages = (limit ? all.slice(0, limit) : all).map(replayed);
      const more = messages.length < all.length;
      const reset = page?.trimmed ? 'trimmed' : undefined;
      this.#host([{ kind: 'history', id, position: position(log.newest), more, reset, messages }]);
    });
  }

  presence(id: number, channel: string, after: string, limit: number): void {
    this.#whenLive(() => {
      const all = this.#backend.members(channel);
      const begin = after ? Number(after) : 0;
      const end = begin + (limit || PAGE);
      const users = new Set(all.map(({ user }) => user)).size;
      const next = end < all.length ? String(end) : null;
      const members = all.slice(begin, end);
      this.#host([{ kind: 'presence', id, members, connections: all.length, users, next }]);
    });
  }

  watchPresence(id: number, channel: string): void {
    this.#watches.set(id, channel);
    if (this.member(channel)) this.#list(id, channel);
  }

  unwatchPresence(id: number): void {
    this.#watches.delete(id);
  }

  /** The one that this client is in a channel, while it is there. */
  member(channel: string): Member | undefined {
    return this.#phase === 'live' && this.#of(channel).length ? this.#me : undefined;
  }

  /** Hears that somebody came to a channel or left it. */
  hearsMember(channel: string, kind: 'joined' | 'left', member: Member): void {
    if (!this.member(channel)) return;
    for (const [id, watched] of this.#watches)
      if (watched === channel) this.#host([{ kind, id, members: [member] }]);
  }

  /** How many subscriptions there are. */
  get subscriptions(): number {
    return this.#subscribers.size;
  }

  /** Hears what was appended to a channel's log. */
  hears(channel: string, message: RawMessage, offset: number): void {
    if (this.#phase !== 'live') return;
    this.#host(
      this.#of(channel).map(subscriber => {
        subscriber.offset = offset;
        return { kind: 'messages', id: subscriber.id, messages: [message] };
      }),
    );
  }

  hearsGap(channel: string, gap: Gap): void {
    this.#host(this.#of(channel).map(({ id }) => ({ kind: 'gap', id, gap })));
  }

  hearsEnd(channel: string, error: TidewireError): void {
    const ended = this.#of(channel);
    for (const { id } of ended) this.#subscribers.delete(id);
    this.#host(ended.map(({ id }) => ({ kind: 'failed', id, error })));
  }

  get #me(): Member {
    const connection = `${this.#name}-${this.#connections}`;
    return { user: connection, connection };
  }

  #list(id: number, channel: string): void {
    this.#host([{ kind: 'members', id, members: [...this.#backend.members(channel)] }]);
  }

  /** Of the first subscription of a channel, and of the last. */
  #tellOfMe(channel: string, kind: 'joined' | 'left', subscriptions: number): void {
    if (this.#of(channel).length !== subscriptions) return;
    this.#backend.changed(channel, kind, this.#me);
    if (kind === 'joined')
      for (const [id, watched] of this.#watches) if (watched === channel) this.#list(id, channel);
  }

  #goLive(): void {
    this.#phase = 'live';
    this.#connections += 1;
    const { connection } = this.#me;
    this.#host([{ kind: 'status', detail: { status: 'live', connection, node: 'test' } }]);
    for (const subscriber of [...this.#subscribers.values()]) this.#host(this.#resume(subscriber));
    for (const [id, channel] of this.#watches) if (this.member(channel)) this.#list(id, channel);
    for (const waiting of this.#waiting.splice(0)) waiting();
  }

  #resume(subscriber: Subscriber): RequestEvent[] {
    const { id, channel } = subscriber;
    const error = this.#backend.refusal(channel);
    if (error) {
      this.#subscribers.delete(id);
      return [{ kind: 'failed', id, error }];
    }
    const log = this.#backend.log(channel);
    const { messages, trimmed } = log.since(subscriber.offset);
    const missed = trimmed ? [] : messages.map(replayed);
    subscriber.offset = log.newest;
    const events: RequestEvent[] = trimmed ? [{ kind: 'gap', id, gap: { reason: 'trimmed' } }] : [];
    events.push({
      kind: 'subscribed',
      id,
      position: position(log.newest),
      replayed: missed.length,
      recovered: !trimmed,
    });
    if (missed.length) events.push({ kind: 'messages', id, messages: missed });
    return events;
  }

  #of(channel: string): Subscriber[] {
    return [...this.#subscribers.values()].filter(subscriber => subscriber.channel === channel);
  }

  #whenLive(command: Waiting): void {
    if (this.#phase === 'live') command();
    else if (this.#phase !== 'closed') this.#waiting.push(command);
  }
}

function replayed({ payload, meta }: RawMessage): RawMessage {
  return { payload, meta: { ...meta, replayed: true } };
}

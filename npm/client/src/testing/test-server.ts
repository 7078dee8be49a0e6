import { Client, TidewireError, type ClientOptions, type ErrorCode, type Gap } from '../index.ts';
import type { Payload } from '../payload.ts';
import type { Member } from '../presence.ts';
import { TestDriver } from './test-driver.ts';
import { TestLog } from './test-log.ts';

/** What a client published, as the server got it. */
export interface TestPublication {
  readonly channel: string;
  /** As it was sent: a schema's input. */
  readonly data: unknown;
}

/**
 * A Tidewire server in memory, for tests of what is built on a client: real clients and channels, with their
 * schemas, but neither WebAssembly nor sockets nor timers. What a test tells it, handlers hear in microtasks.
 */
export class TestServer {
  readonly #drivers = new Set<TestDriver>();
  readonly #logs = new Map<string, TestLog>();
  readonly #refusals = new Map<string, TidewireError>();
  readonly #others = new Map<string, Map<string, Member>>();
  readonly #published: TestPublication[] = [];
  #reachable = true;

  /** Makes a client of this server, which connects at once. Needs a `WebSocket` to exist: a DOM, or Node 22. */
  createClient(options: Partial<ClientOptions> = {}): Client {
    return new Client({ url: 'ws://tidewire.test', autoConnect: true, ...options, outbox: false }, () =>
      Promise.resolve((_url, host) => {
        const driver = new TestDriver(`test${this.#drivers.size || ''}`, this.#backend, host);
        this.#drivers.add(driver);
        return driver;
      }),
    );
  }

  /** What clients published, oldest first. */
  get published(): readonly TestPublication[] {
    return this.#published;
  }

  /** How many subscriptions clients have, all together. */
  get subscriptions(): number {
    return [...this.#drivers].reduce((sum, driver) => sum + driver.subscriptions, 0);
  }

  /** Somebody else publishes; gives the position. */
  publish(channel: string, data: unknown, { user }: { readonly user?: string } = {}): string {
    return this.#append(channel, data instanceof Uint8Array ? data : JSON.stringify(data), user);
  }

  /** Somebody else comes to a channel, or is there with other information. */
  join(channel: string, user: string, info?: unknown, connection = user): void {
    const member = { user, ...(info !== undefined && { info }), connection };
    const others = this.#others.get(channel) ?? new Map<string, Member>();
    this.#others.set(channel, others.set(connection, member));
    this.#changed(channel, 'joined', member);
  }

  /** Somebody else leaves. */
  leave(channel: string, connection: string): void {
    const member = this.#others.get(channel)?.get(connection);
    this.#others.get(channel)?.delete(connection);
    if (member) this.#changed(channel, 'left', member);
  }

  /** Every client loses its connection, and finds no other until `reconnect`. */
  disconnect(reason = 'the connection was lost'): void {
    this.#reachable = false;
    for (const driver of this.#drivers) driver.loseConnection(reason);
  }

  /** Clients come back, and get what they missed. */
  reconnect(): void {
    this.#reachable = true;
    for (const driver of this.#drivers) driver.connect();
  }

  /** Clients move to another connection without losing the one they have, as from a node that is drained. */
  move(): void {
    for (const driver of this.#drivers) driver.move();
  }

  /** The channel's log forgets everything: who was away then gets a gap, `trimmed`. */
  trim(channel: string): void {
    this.#log(channel).trim();
  }

  /** Tells a channel's subscribers of a gap. */
  gap(channel: string, gap: Gap): void {
    for (const driver of this.#drivers) driver.hearsGap(channel, gap);
  }

  /** Ends the subscriptions of a channel, and refuses who subscribes or publishes there from now on. */
  refuse(channel: string, code: ErrorCode = 'forbidden', reason: string = code): void {
    const error = new TidewireError(code, reason);
    this.#refusals.set(channel, error);
    for (const driver of this.#drivers) driver.hearsEnd(channel, error);
  }

  readonly #backend = {
    isReachable: () => this.#reachable,
    log: (channel: string) => this.#log(channel),
    refusal: (channel: string) => this.#refusals.get(channel),
    members: (channel: string) => [
      ...[...this.#drivers].flatMap(driver => driver.member(channel) ?? []),
      ...(this.#others.get(channel)?.values() ?? []),
    ],
    changed: (channel: string, kind: 'joined' | 'left', member: Member) =>
      this.#changed(channel, kind, member),
    take: (channel: string, payload: Payload) => {
      this.#published.push({ channel, data: typeof payload === 'string' ? JSON.parse(payload) : payload });
      return this.#append(channel, payload, undefined);
    },
  };

  #changed(channel: string, kind: 'joined' | 'left', member: Member): void {
    for (const driver of this.#drivers) driver.hearsMember(channel, kind, member);
  }

  #append(channel: string, payload: Payload, user: string | undefined): string {
    const log = this.#log(channel);
    const message = log.append(payload, user);
    for (const driver of this.#drivers) driver.hears(channel, message, log.newest);
    return message.meta.position;
  }

  #log(channel: string): TestLog {
    let log = this.#logs.get(channel);
    if (!log) this.#logs.set(channel, (log = new TestLog()));
    return log;
  }
}

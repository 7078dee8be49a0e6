import type { Engine } from './engine.ts';
import type { TidewireError } from './errors.ts';
import { guard, report } from './report.ts';
import type { RequestEvent } from './unpack.ts';

/** Somebody in a channel. */
export interface Member {
  /** The user, or the connection where the user is anonymous. */
  readonly user: string;
  /** What the user's token says of the user. */
  readonly info?: unknown;
  /** The connection, a name that no other has: one user may be there by several. */
  readonly connection: string;
}

/** Which page of who is in a channel. */
export interface PresenceOptions {
  /** At most so many members; the server has a limit of its own. */
  readonly limit?: number;
  /** The `next` of an earlier page: the one that follows it. */
  readonly after?: string;
  /** Ends the waiting when aborted. */
  readonly signal?: AbortSignal;
}

/** A page of who is in a channel. */
export interface PresencePage {
  readonly members: readonly Member[];
  /** How many connections there are in the channel, on all pages. */
  readonly connections: number;
  /** How many users these are; each anonymous connection counts as one. */
  readonly users: number;
  /** Where the next page begins; null on the last. */
  readonly next: string | null;
}

/** Who is in a channel. */
export interface Crowd {
  /**
   * By their connections' names; undefined while it is not known: before the first answer, while the connection is
   * away, and in a channel so large or restless that the server only counts.
   */
  readonly members: ReadonlyMap<string, Member> | undefined;
  /** How many connections there were when that was said last. */
  readonly connections: number;
  /** How many users these were; each anonymous connection counts as one. */
  readonly users: number;
}

/** What a watch wants to hear. What a handler throws is reported and harms nobody else. */
export interface PresenceHandlers {
  /** It is known anew who is there; after `joined` and `left` too. */
  changed?(crowd: Crowd): void;
  /** These came, or are there with other information; not told of those who were there before. */
  joined?(members: readonly Member[]): void;
  /** These left. */
  left?(members: readonly Member[]): void;
  /** The watch is over: refused. Without this handler it is reported to the page. */
  error?(error: TidewireError): void;
}

/** How long a watch lasts. */
export interface WatchOptions {
  /** Closes the watch when aborted. */
  readonly signal?: AbortSignal;
}

/** Keeps up with who is in a channel, while there is a subscription of the channel. */
export class PresenceWatch {
  /** The channel's name. */
  readonly channel: string;
  readonly #engine: Engine;
  readonly #handlers: PresenceHandlers;
  readonly #signal: AbortSignal | undefined;
  readonly #id: number;
  #crowd: Crowd = { members: undefined, connections: 0, users: 0 };

  /** @internal */
  constructor(engine: Engine, channel: string, handlers: PresenceHandlers, { signal }: WatchOptions) {
    this.channel = channel;
    this.#engine = engine;
    this.#handlers = handlers;
    this.#signal = signal;
    this.#id = engine.request(
      event => this.#hear(event),
      (driver, id) => driver.watchPresence(id, channel),
      // As its channel's subscriptions are.
      true,
    );
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', this.close);
  }

  /** Who is there, as far as is known. */
  get now(): Crowd {
    return this.#crowd;
  }

  /** Ends the watch: its handlers hear no more. */
  readonly close = (): void => {
    this.#engine.command(driver => driver.unwatchPresence(this.#id));
    this.#end();
  };

  #end(): void {
    this.#engine.forget(this.#id);
    this.#signal?.removeEventListener('abort', this.close);
  }

  #hear(event: RequestEvent): void {
    const { error } = this.#handlers;
    if (event.kind === 'failed') {
      this.#end();
      if (error) guard(() => error(event.error));
      // That the application closed its client is no news to it.
      else if (event.error.code !== 'closed') report(event.error);
    } else if (event.kind === 'counted') {
      const { connections, users } = event;
      this.#become({ members: undefined, connections, users });
    } else if (event.kind === 'lost') {
      if (this.#crowd.members) this.#become({ ...this.#crowd, members: undefined });
    } else if (event.kind === 'members' || event.kind === 'joined' || event.kind === 'left') {
      const { kind } = event;
      const members = new Map(kind === 'members' ? [] : this.#crowd.members);
      for (const member of event.members) {
        if (kind === 'left') members.delete(member.connection);
        else members.set(member.connection, member);
      }
      const users = new Set([...members.values()].map(({ user }) => user)).size;
      // Told before `changed`, so that both see the same crowd.
      this.#crowd = { members, connections: members.size, users };
      if (kind !== 'members') guard(() => this.#handlers[kind]?.(event.members));
      this.#become(this.#crowd);
    }
  }

  #become(crowd: Crowd): void {
    this.#crowd = crowd;
    guard(() => this.#handlers.changed?.(crowd));
  }
}

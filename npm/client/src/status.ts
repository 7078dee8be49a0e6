/**
 * `idle`: not asked to connect. `connecting`: loading, or a connection is being opened. `live`: connected.
 * `waiting`: the connection was lost, the next attempt comes at `until`. `closed`: it will not come back by itself.
 */
export type Status = 'idle' | 'connecting' | 'live' | 'waiting' | 'closed';

/** A client's status with what is known about it. */
export interface StatusDetail {
  readonly status: Status;
  /** Why it waits or is closed, for people. */
  readonly reason?: string;
  /** When the next attempt comes, in milliseconds since 1970. */
  readonly until?: number;
  /** The name of the live connection, as the server's logs have it. */
  readonly connection?: string;
  /** The name of the node that it leads to. */
  readonly node?: string;
  /** The user that the token named. */
  readonly user?: string;
}

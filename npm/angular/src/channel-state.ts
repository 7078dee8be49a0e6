import type { Crowd, Gap, Message, SubscribedInfo, TidewireError } from '@tidewire/client';

/**
 * `idle`: not asked for, as without parameters. `pending`: asked for, or the connection is away. `live`: messages
 * come. `closed`: it is over, `error` says why.
 */
export type ChannelStatus = 'idle' | 'pending' | 'live' | 'closed';

/** A channel's state at one moment. */
export interface ChannelSnapshot<Received> {
  readonly status: ChannelStatus;
  readonly messages: readonly Message<Received>[];
  readonly subscribed: SubscribedInfo | undefined;
  readonly presence: Crowd | undefined;
  readonly gap: Gap | undefined;
  readonly error: TidewireError | undefined;
}

/** What is known of a channel; changes with each event, and gives snapshots. */
export class ChannelState<Received> {
  status: ChannelStatus = 'idle';
  subscribed: SubscribedInfo | undefined;
  presence: Crowd | undefined;
  gap: Gap | undefined;
  error: TidewireError | undefined;
  readonly #keep: number;
  readonly #messages: Message<Received>[] = [];
  /** As the last snapshot has them; none where there are others since. */
  #shown: readonly Message<Received>[] | undefined;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Gives whether it is kept: where none is, there is nothing new to show. */
  add(message: Message<Received>): boolean {
    if (this.#keep === 0) return false;
    this.#messages.push(message);
    this.#shown = undefined;
    // Not at each message: to move all the others costs.
    if (this.#messages.length >= 2 * this.#keep) this.#messages.splice(0, this.#messages.length - this.#keep);
    return true;
  }

  snapshot(): ChannelSnapshot<Received> {
    this.#shown ??= this.#messages.slice(-this.#keep);
    const { status, subscribed, presence, gap, error } = this;
    return { status, messages: this.#shown, subscribed, presence, gap, error };
  }
}

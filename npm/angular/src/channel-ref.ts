import type { Signal } from '@angular/core';
import type {
  Crowd,
  Gap,
  History,
  HistoryOptions,
  Message,
  Published,
  PublishOptions,
  SubscribedInfo,
  TidewireError,
} from '@tidewire/client';
import type { ChannelStatus } from './channel-state.ts';

/** A channel as signals. They change once per frame, and all begin anew when parameters lead to another channel. */
export interface ChannelRef<Sent, Received> {
  /** The channel's name; none while there are no parameters, or they give no name. */
  readonly name: Signal<string | undefined>;
  readonly status: Signal<ChannelStatus>;
  /** The newest messages, oldest first; each once, in the channel's order. */
  readonly messages: Signal<readonly Message<Received>[]>;
  /** The newest message. */
  readonly latest: Signal<Message<Received> | undefined>;
  /** How the subscription came live last: how many messages were missed and replayed, and whether any is gone. */
  readonly subscribed: Signal<SubscribedInfo | undefined>;
  /** Who is in the channel; undefined before it is known, and without the option `presence`. */
  readonly presence: Signal<Crowd | undefined>;
  /** The last word that publications are gone, with the reason. */
  readonly gap: Signal<Gap | undefined>;
  /** The last error: a message that was skipped, or why the subscription is over. */
  readonly error: Signal<TidewireError | undefined>;
  /** Publishes a message once, however often the connection breaks meanwhile; see the client's `publish`. */
  publish(data: Sent, options?: PublishOptions): Promise<Published>;
  /** Reads a part of the channel's log. */
  history(options?: HistoryOptions): Promise<History<Received>>;
}

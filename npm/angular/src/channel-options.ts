import type { Injector } from '@angular/core';
import type { Coalesce, Handlers, PresenceHandlers } from '@tidewire/client';

/** What to do as things happen in a channel, outside Angular's zone and before signals show them. */
export interface ChannelHandlers<Received>
  extends Handlers<Received>, Pick<PresenceHandlers, 'joined' | 'left'> {
  /** This channel is the one from now on; none: it is left, and no other is named. */
  opened?(channel: string | undefined): void;
  /** The connection is away. What is published meanwhile comes, or a gap is told. */
  lost?(): void;
}

/** How a channel is followed. */
export interface ChannelOptions<Received> {
  /** Begin with so many messages from before, as far as the channel's log holds them. Default 0. */
  readonly last?: number;
  /** The signal `messages` holds the newest so many. Default 500. */
  readonly keep?: number;
  /** Whether to keep up with who is there, in `presence`; its namespace must tell that. Default: no. */
  readonly presence?: boolean;
  /**
   * When messages and gaps are handed over, to handlers and to signals: as they come, once per animation frame, or at
   * most every so many milliseconds; what else happens is told at once. Signals change in frames, with `none` at once.
   * Default: what `provideTidewire` says, else `frame`.
   */
  readonly coalesce?: Coalesce;
  /** For what signals do not show: each event, in order. */
  readonly on?: ChannelHandlers<Received>;
  /** The channel is released with this injector. Default: that of the injection context. */
  readonly injector?: Injector;
}

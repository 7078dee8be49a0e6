import type { Channel, Client, PresenceWatch, StandardSchema, SubscribeOptions } from '@tidewire/client';
import type { ChannelHandlers } from './channel-options.ts';
import type { ChannelState } from './channel-state.ts';
import { messagesOf, type HistoryPage } from './history-page.ts';

/** Keeps a channel's state, and tells handlers, until it ends. */
export class Following<Received> {
  readonly #state: ChannelState<Received>;
  readonly #on: ChannelHandlers<Received>;
  readonly #changed: () => void;
  #ended = false;

  constructor(state: ChannelState<Received>, on: ChannelHandlers<Received>, changed: () => void) {
    state.status = 'pending';
    this.#state = state;
    this.#on = on;
    this.#changed = changed;
  }

  /** Nothing is taken any more. */
  readonly end = (): void => {
    this.#ended = true;
  };

  /** Takes what a server rendered. */
  take(page: HistoryPage, schema: StandardSchema<unknown, Received> | undefined): void {
    if (this.#ended) return;
    const messages = messagesOf(page, schema, error => {
      this.#state.error = error;
      this.#on.error?.(error);
    });
    for (const message of messages) {
      this.#state.add(message);
      this.#on.message?.(message.data, message.meta);
    }
    this.#changed();
  }

  /** Subscribes; gives how to leave. */
  begin(
    client: Client,
    channel: Channel<never, Received>,
    { presence, ...options }: SubscribeOptions & { readonly presence: boolean },
  ): () => void {
    const state = this.#state;
    const on = this.#on;
    const changed = this.#changed;
    const subscription = channel.subscribe(
      {
        message(data, meta) {
          if (state.add({ data, meta })) changed();
          on.message?.(data, meta);
        },
        subscribed(info) {
          state.subscribed = info;
          state.status = 'live';
          changed();
          on.subscribed?.(info);
        },
        gap(gap) {
          state.gap = gap;
          changed();
          on.gap?.(gap);
        },
        error(error) {
          state.error = error;
          changed();
          on.error?.(error);
        },
        closed() {
          state.status = 'closed';
          changed();
          on.closed?.();
        },
      },
      options,
    );
    const watch = presence && this.#watch(channel);
    const stopFollowing = client.on('status', () => {
      // From one connection to the next without a loss: messages come all the time.
      if (state.status !== 'live' || client.status === 'live') return;
      state.status = 'pending';
      changed();
      on.lost?.();
    });
    return () => {
      this.end();
      stopFollowing();
      if (watch) watch.close();
      subscription.close();
    };
  }

  /** Keeps up with who is there; that it may not know is an error of the channel, which goes on. */
  #watch(channel: Channel<never, Received>): PresenceWatch {
    return channel.watchPresence({
      changed: crowd => {
        this.#state.presence = crowd;
        this.#changed();
      },
      joined: members => this.#on.joined?.(members),
      left: members => this.#on.left?.(members),
      error: error => {
        this.#state.error = error;
        this.#changed();
        this.#on.error?.(error);
      },
    });
  }
}

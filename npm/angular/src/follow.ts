import type { Channel, Client } from '@tidewire/client';
import type { ChannelHandlers } from './channel-options.ts';
import type { ChannelState } from './channel-state.ts';

/** Subscribes to a channel and keeps its state; gives how to stop. What comes afterwards changes nothing. */
export function follow<Received>(
  client: Client,
  channel: Channel<never, Received>,
  last: number,
  state: ChannelState<Received>,
  on: ChannelHandlers<Received>,
  changed: () => void,
): () => void {
  state.status = 'pending';
  const subscription = channel.subscribe(
    {
      message(data, meta) {
        state.add({ data, meta });
        changed();
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
    { last },
  );
  const stopFollowing = client.on('status', () => {
    // From one connection to the next without a loss: messages come all the time.
    if (state.status !== 'live' || client.status === 'live') return;
    state.status = 'pending';
    changed();
    on.lost?.();
  });
  return () => {
    stopFollowing();
    subscription.close();
  };
}

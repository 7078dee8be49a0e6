import { TidewireError, type Channel, type Message, type SubscribeOptions } from '@tidewire/client';
import { Observable } from 'rxjs';

/**
 * A channel's messages as an observable: each subscriber subscribes the channel, and leaves it by unsubscribing. A gap
 * ends it with an error of the code `gap`, as it ends the client's `for await`; so does a message that cannot be read.
 * `retry()` goes on from there. It completes when the client is closed.
 */
export function observeChannel<Received>(
  channel: Channel<never, Received>,
  options: SubscribeOptions = {},
): Observable<Message<Received>> {
  return new Observable(subscriber => {
    const subscription = channel.subscribe(
      {
        message: (data, meta) => subscriber.next({ data, meta }),
        gap: gap => {
          // That a publisher's messages are lost stands in the next message's meta as well.
          if (gap.reason === 'missing') return;
          const message = `publications of ${channel.name} are missing: ${gap.reason}`;
          subscriber.error(new TidewireError('gap', message, { gap, advice: 'retry' }));
        },
        error: error => subscriber.error(error),
        closed: () => subscriber.complete(),
      },
      options,
    );
    return () => subscription.close();
  });
}

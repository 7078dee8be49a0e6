import type { Client, StatusDetail } from '@tidewire/client';
import { Observable } from 'rxjs';

/** A client's status, the present one first; never completes. */
export function observeStatus(client: Client): Observable<StatusDetail> {
  return new Observable(subscriber => {
    subscriber.next(client.statusDetail);
    return client.on('status', detail => subscriber.next(detail));
  });
}

/** Resolves once this page has the lock, with how to let go of it; rejects where the signal comes first. */
export function lock(page: string, signal?: AbortSignal): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`tidewire-outbox ${page}`, { signal } as LockOptions, () => new Promise<void>(resolve))
      .catch(reject);
  });
}

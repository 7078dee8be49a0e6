/** What a browser says of the network and the page, as client-wasm's `told.rs` numbers it. */
const SHOWN = 15;
const HIDDEN = 16;
const RESUMED = 17;
export const ONLINE = 18;
const OFFLINE = 19;

/** Hears of the network and the page, as far as there are any: neither a worker nor Node has all. Gives how to stop. */
export function watchPage(hear: (wake: number) => void): () => void {
  const stop = new AbortController();
  const on = (target: EventTarget | undefined, name: string, wake: (event: Event) => number | undefined) =>
    target?.addEventListener?.(
      name,
      event => {
        const number = wake(event);
        if (number) hear(number);
      },
      stop,
    );
  const page = globalThis.document as Document | undefined;
  on(globalThis as never, 'online', () => ONLINE);
  on(globalThis as never, 'offline', () => OFFLINE);
  // Also told when a page is shown for the first time, which wakes nothing.
  on(globalThis as never, 'pageshow', event =>
    (event as PageTransitionEvent).persisted ? RESUMED : undefined,
  );
  on(page, 'resume', () => RESUMED);
  on(page, 'visibilitychange', () => (page?.hidden ? HIDDEN : SHOWN));
  return () => stop.abort();
}

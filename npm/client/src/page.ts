/** What a browser says of the network and the page, as client-wasm's `told.rs` numbers it. */
const SHOWN = 15;
const HIDDEN = 16;
const RESUMED = 17;
export const ONLINE = 18;
const OFFLINE = 19;

/** Hears of the network and the page, as far as there are any: neither a worker nor Node has all. Gives how to stop. */
export function watchPage(hear: (wake: number) => void): () => void {
  const stop = new AbortController();
  const on = (target: Partial<EventTarget> | undefined, name: string, listener: (event: Event) => void) =>
    target?.addEventListener?.(name, listener, stop);
  const page = globalThis.document as Document | undefined;
  on(globalThis, 'online', () => hear(ONLINE));
  on(globalThis, 'offline', () => hear(OFFLINE));
  // Also told when a page is shown for the first time, which wakes nothing.
  on(globalThis, 'pageshow', event => (event as PageTransitionEvent).persisted && hear(RESUMED));
  on(page, 'resume', () => hear(RESUMED));
  on(page, 'visibilitychange', () => hear(page!.hidden ? HIDDEN : SHOWN));
  return () => stop.abort();
}

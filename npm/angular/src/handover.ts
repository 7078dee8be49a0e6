import {
  ApplicationRef,
  ErrorHandler,
  inject,
  InjectionToken,
  makeStateKey,
  PendingTasks,
  TransferState,
} from '@angular/core';
import type { HistoryPage } from './history-page.ts';
import { IN_BROWSER } from './tidewire.ts';

/** Reads a channel's newest publications while a server renders; nothing where the page may not show them. */
export type HistorySource = (channel: string, limit: number) => Promise<HistoryPage | undefined>;

/** How history is read while a server renders. */
export const HISTORY_SOURCE = /* @__PURE__ */ new InjectionToken<HistorySource>(
  'Tidewire history for rendering',
);

/** Hands a channel's history from the server that renders a page to the browser that shows it. */
export interface Handover {
  /** In the browser: what the server rendered, until the page has come to life. */
  rendered(channel: string, limit: number): HistoryPage | undefined;
  /** On the server: reads history, and keeps the page waiting for it; `show` may not be called at all. */
  render(channel: string, limit: number, show: (page: HistoryPage) => void): void;
}

/** The handover of this application. */
export function injectHandover(): Handover {
  const state = inject(TransferState);
  const tasks = inject(PendingTasks);
  const errors = inject(ErrorHandler);
  const source = inject(HISTORY_SOURCE, { optional: true });
  const application = inject(ApplicationRef);
  const inBrowser = inject(IN_BROWSER);
  return {
    rendered(channel, limit) {
      const page = inBrowser ? state.get(keyOf(channel, limit), undefined) : undefined;
      // Who comes later begins with what is newest then.
      if (page) void application.whenStable().then(() => state.remove(keyOf(channel, limit)));
      return page;
    },
    render(channel, limit, show) {
      if (!source) return;
      const done = tasks.add();
      source(channel, limit)
        .then(page => {
          if (!page) return;
          state.set(keyOf(channel, limit), page);
          show(page);
        })
        .catch((error: unknown) => errors.handleError(error))
        .finally(done);
    },
  };
}

function keyOf(channel: string, limit: number) {
  return makeStateKey<HistoryPage>(`tidewire ${limit} ${channel}`);
}

import { makeEnvironmentProviders, type EnvironmentProviders } from '@angular/core';
import { TidewireError } from '@tidewire/client';
import { HISTORY_SOURCE, type HistorySource } from '../handover.ts';
import type { HistoryPage } from '../history-page.ts';

/** How a server that renders pages reads history. */
export interface ServerHistoryOptions {
  /** The Tidewire server's HTTP address, as this server reaches it: `http://10.0.0.7:7800`. */
  readonly url: string | URL;
  /** One of the server's API keys; none where it was started with `--dev`. */
  readonly key?: string;
  /** Whether the visitor may read a channel: the API key may, and what is rendered is in the page. */
  readonly allow: (channel: string) => boolean | Promise<boolean>;
  /** After so many milliseconds the page is rendered without history. Default 2000. */
  readonly timeout?: number;
}

/**
 * Lets pages that are rendered on a server show channels' history: what `injectChannel` asks for with `last`. The
 * browser goes on from there. For the server's configuration only, for the key must not get into a browser. A
 * function is called in an injection context, for each page: it may inject the `REQUEST`.
 */
export function provideServerHistory(
  options: ServerHistoryOptions | (() => ServerHistoryOptions),
): EnvironmentProviders {
  const given = typeof options === 'function' ? options : () => options;
  return makeEnvironmentProviders([{ provide: HISTORY_SOURCE, useFactory: () => sourceOf(given()) }]);
}

function sourceOf({ url, key, allow, timeout = 2000 }: ServerHistoryOptions): HistorySource {
  return async (channel, limit) => {
    if (!(await allow(channel))) return undefined;
    const address = new URL(`/v1/channels/${encodeURIComponent(channel)}/history?limit=${limit}`, url);
    const answer = await fetch(address, {
      headers: key === undefined ? {} : { authorization: `Bearer ${key}` },
      signal: AbortSignal.timeout(timeout),
    });
    if (answer.ok) return (await answer.json()) as HistoryPage;
    const said = (await answer.json().catch(() => ({}))) as { code?: string; reason?: string };
    const reason = said.reason ?? `the server answers ${answer.status}`;
    throw new TidewireError(said.code ?? 'unavailable', `no history of ${channel} to render: ${reason}`);
  };
}

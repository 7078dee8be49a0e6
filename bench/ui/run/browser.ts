import { chromium, type Browser, type CDPSession } from 'playwright-core';

/** The system's Chromium, without a window. */
export function browser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['TIDEWIRE_BROWSER'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--js-flags=--expose-gc'],
  });
}

/** What Chromium has counted of a page since it was opened; durations in seconds. */
export async function metrics(session: CDPSession): Promise<Record<string, number>> {
  const { metrics } = await session.send('Performance.getMetrics');
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

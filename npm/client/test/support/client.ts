import { onTestFinished, vi, type Mock } from 'vitest';
import { Client, type ClientOptions } from '../../src/client.ts';
import { ScriptedDriver } from './scripted-driver.ts';

/** A client on a scripted driver, connecting. */
export function scripted(options: Partial<ClientOptions> = {}): { client: Client; driver: ScriptedDriver } {
  const driver = new ScriptedDriver();
  // Node 20 has no WebSocket; only that there is one is looked at here.
  vi.stubGlobal('WebSocket', class {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = new Client({ url: 'ws://localhost', autoConnect: true, ...options }, driver.load);
  onTestFinished(() => client.close());
  return { client, driver };
}

/** What is reported to the page while the test runs. */
export function reported(): Mock {
  const report = vi.fn();
  vi.stubGlobal('reportError', report);
  return report;
}

import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { Chromium } from '../../support/browser.ts';
import { Node } from '../../support/node.ts';

/** A server and a browser, for pages that receive through the one and are seen in the other. */
export class Stage {
  readonly node: Node;
  readonly browser: Chromium;

  private constructor(node: Node, browser: Chromium) {
    this.node = node;
    this.browser = browser;
  }

  static async set(): Promise<Stage> {
    const [node, browser] = await Promise.all([Node.start({ backbone: 'memory' }), Chromium.start()]);
    return new Stage(node, browser);
  }

  async strike(): Promise<void> {
    await this.browser.close();
    await this.node.kill();
  }

  /** The server's address, for clients. */
  get url(): string {
    return `ws://127.0.0.1:${this.node.port}/v1/connect`;
  }

  /** The same for requests. */
  get http(): string {
    return `http://127.0.0.1:${this.node.port}`;
  }

  async publish(channel: string, data: unknown): Promise<void> {
    const body = JSON.stringify({ channel, data });
    const answer = await fetch(`${this.http}/v1/publish`, { method: 'POST', body });
    assert.equal(answer.status, 200);
  }

  /** How many connections the server has had. */
  async connections(): Promise<number> {
    const metrics = await (await fetch(`${this.http}/metrics`)).text();
    const [, count] = /^tidewire_connections_total (\d+)$/m.exec(metrics) ?? [];
    assert.ok(count, 'the server does not count connections');
    return Number(count);
  }

  /** The page of this address receives what it publishes, and the browser complains of nothing. */
  async receivesAt(address: string): Promise<void> {
    const { page, complaints } = await this.open(address);
    try {
      await shows(page, 'received');
    } catch (trouble) {
      throw new Error(`the page received nothing; the browser says: ${complaints.join('\n') || 'nothing'}`, {
        cause: trouble,
      });
    } finally {
      await page.close();
    }
    assert.deepEqual(complaints, []);
  }

  /** Opens a page that is told in its address where the server is. */
  async open(address: string): ReturnType<Chromium['open']> {
    const page = new URL(address);
    page.searchParams.set('url', this.url);
    return this.browser.open(page.href);
  }
}

/** The page's `<output>` says these words, now or soon. Asked without `eval`, which policies forbid. */
export async function shows(page: Page, words: string): Promise<void> {
  await page
    .locator('output')
    .filter({ hasText: new RegExp(`^${words}$`) })
    .waitFor({ state: 'attached', timeout: 30_000 });
}

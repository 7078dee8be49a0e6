import { fileURLToPath } from 'node:url';
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright-core';
import { Balancer } from '../support/balancer.ts';
import { Chromium } from '../support/browser.ts';
import { Files } from '../support/files.ts';
import { Firefox, isFirefox } from '../support/firefox.ts';
import { Node } from '../support/node.ts';
import { Redis } from '../support/redis.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** What the page has heard, see `page/page.js`. */
export interface Heard {
  numbers: number[];
  gaps: unknown[];
  /** When its subscription was live, and how. */
  lives: { replayed: number; recovered: boolean; at: number }[];
  errors: string[];
  froze: number;
  acknowledged: number;
  /** From the making of the client to its first connection. */
  liveMs: number;
  /** What an earlier page published, and this one delivered. */
  delivered: number[];
}

/** What stands between a page and the nodes. */
export interface Network {
  readonly port: number;
  /** The node that the page is connected to, where that can be told. */
  readonly node: number | undefined;
  close(): Promise<void>;
}

/** Two nodes over a Redis, and a browser. */
export class Stage {
  readonly nodes: readonly Node[];
  readonly #redis: Redis;
  readonly #browser: Chromium | Firefox;
  readonly #files: Files;
  readonly #closing: (() => Promise<void>)[] = [];

  private constructor(redis: Redis, nodes: Node[], browser: Chromium | Firefox, files: Files) {
    this.#redis = redis;
    this.nodes = nodes;
    this.#browser = browser;
    this.#files = files;
  }

  static async set(): Promise<Stage> {
    const redis = await Redis.start();
    const options = { backbone: redis.url, config: here('./trial.toml') };
    const nodes = await Promise.all([Node.start(options), Node.start(options)]);
    const files = await Files.serve({ '/': here('./page'), '/client/': here('../../npm/client/dist') });
    const browser = await (isFirefox ? Firefox.start() : Chromium.start());
    return new Stage(redis, nodes, browser, files);
  }

  /** A page with a balancer of its own before the nodes, not yet subscribed, on a new channel where none is named. */
  async actor(channel?: string, options?: Record<string, string>): Promise<Actor<Balancer>> {
    return this.actorBehind(ports => Balancer.before(ports), channel, options);
  }

  /** The same behind something else. */
  async actorBehind<Between extends Network>(
    between: (ports: number[]) => Promise<Between>,
    channel: string = randomUUID(),
    options: Record<string, string> = {},
  ): Promise<Actor<Between>> {
    return this.page(await this.network(between), channel, options);
  }

  /** Something that stands between pages and the nodes. */
  async network<Between extends Network>(between: (ports: number[]) => Promise<Between>): Promise<Between> {
    const network = await between(this.nodes.map(node => node.port));
    this.#closing.push(() => network.close());
    return network;
  }

  /** A page behind something that others may be behind too. */
  async page<Between extends Network>(
    network: Between,
    channel: string,
    options: Record<string, string> = {},
  ): Promise<Actor<Between>> {
    const url = `ws://127.0.0.1:${network.port}/v1/connect`;
    const query = new URLSearchParams({ url, channel, ...options });
    const { page } = await this.#browser.open(`${this.#files.origin}/?${query}`);
    const actor = new Actor(page, network, this.nodes, `trial:${channel}`);
    await actor.isThere();
    return actor;
  }

  async clear(): Promise<void> {
    await this.#browser.close();
    await Promise.all([...this.#closing.map(close => close()), ...this.nodes.map(node => node.kill())]);
    await this.#files.close();
    await this.#redis.stop();
  }
}

/** A page on its channel, and what can happen to it. */
export class Actor<Between extends Network = Balancer> {
  readonly channel: string;
  readonly network: Between;
  readonly page: Page;
  readonly #nodes: readonly Node[];

  constructor(page: Page, network: Between, nodes: readonly Node[], channel: string) {
    this.page = page;
    this.network = network;
    this.#nodes = nodes;
    this.channel = channel;
  }

  /** Resolves once the page has begun. */
  async isThere(): Promise<void> {
    await this.page.waitForSelector('html[data-ready]', { state: 'attached' });
  }

  /** The page is loaded anew, whatever it is about. */
  async reloads(): Promise<void> {
    await this.page.reload();
    await this.isThere();
  }

  /** The same page in another tab. */
  async opensAnother(): Promise<Actor<Between>> {
    const page = await this.page.context().newPage();
    await page.goto(this.page.url());
    const actor = new Actor(page, this.network, this.#nodes, this.channel);
    await actor.isThere();
    return actor;
  }

  async subscribes(): Promise<void> {
    await this.page.evaluate('void subscribe()');
    await this.isLive();
  }

  /** Resolves once the page is connected, and its subscription live on that connection. */
  async isLive(): Promise<void> {
    await this.waitsFor('isLive()', 60);
  }

  /** The node that the page is connected to. */
  get node(): Node {
    const node = this.#nodes.find(node => node.port === this.network.node);
    if (!node) throw new Error('the page is connected to no node');
    return node;
  }

  /** Kills the node that the page is connected to, and starts it again. */
  losesItsNode(): Promise<void> {
    return this.node.killAndRestart();
  }

  /** The browser freezes the page, as it does with tabs at the back. Returns how to thaw it. */
  async freezes(): Promise<() => Promise<void>> {
    const session = await this.page.context().newCDPSession(this.page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    return async () => {
      await session.send('Page.setWebLifecycleState', { state: 'active' });
      await this.page.bringToFront();
    };
  }

  /** The tab goes to another page, and keeps this one for whoever comes back, if the browser does. */
  async goesElsewhere(): Promise<void> {
    await this.page.evaluate("addEventListener('pageshow', event => (window.wasKept = event.persisted))");
    await this.page.goto(new URL('/client/index.js', this.page.url()).href);
  }

  /** The tab comes back; says whether the page was kept as it was. */
  async comesBack(): Promise<boolean> {
    // A page that was kept is loaded already.
    await this.page.goBack({ waitUntil: 'commit' });
    await this.waitsFor("document.readyState === 'complete'");
    return this.page.evaluate('window.wasKept === true');
  }

  /** The page is closed. */
  async leaves(): Promise<void> {
    await this.page.close();
  }

  async hears(count: number, seconds = 90): Promise<Heard> {
    try {
      await this.waitsFor(`heard.numbers.length >= ${count}`, seconds);
    } catch (trouble) {
      const { numbers, ...rest } = await this.heard();
      const missing = Array.from({ length: count }, (_, number) => number).filter(
        number => !numbers.includes(number),
      );
      const seen = JSON.stringify({ heard: numbers.length, missing: missing.slice(0, 20), ...rest });
      throw new Error(`the page did not hear ${count} numbers within ${seconds} s: ${seen}`, {
        cause: trouble,
      });
    }
    return this.heard();
  }

  /** Resolves once an expression holds in the page, wherever its tab is. */
  async waitsFor(expression: string, seconds = 30): Promise<void> {
    await this.page.waitForFunction(expression, undefined, { timeout: seconds * 1000, polling: 10 });
  }

  heard(): Promise<Heard> {
    return this.page.evaluate('heard');
  }
}

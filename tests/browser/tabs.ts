import { randomUUID } from 'node:crypto';
import { Balancer } from '../support/balancer.ts';
import type { Actor, Heard, Stage } from './stage.ts';

/** How a page can end. */
export type End = 'closed' | 'crashed';

/** Tabs of one browser that are subscribed to one channel, behind one network. */
export class Tabs {
  readonly channel: string;
  readonly network: Balancer;
  readonly open = new Set<Actor>();
  readonly #name = randomUUID();
  readonly #stage: Stage;
  readonly #options: Record<string, string>;

  private constructor(stage: Stage, network: Balancer, options: Record<string, string>) {
    this.#stage = stage;
    this.network = network;
    this.#options = options;
    this.channel = `trial:${this.#name}`;
  }

  static async on(stage: Stage, options: Record<string, string> = {}): Promise<Tabs> {
    const network = await stage.network(ports => Balancer.before(ports));
    return new Tabs(stage, network, options);
  }

  /** Opens tabs until there are so many. */
  async fill(count: number): Promise<void> {
    while (this.open.size < count) {
      const tab = await this.#stage.page(this.network, this.#name, this.#options);
      // One that shares a process with another that crashes goes with it.
      tab.page.on('crash', () => this.open.delete(tab));
      this.open.add(tab);
      await tab.subscribes();
    }
  }

  /** The tabs that have a socket. */
  async withSockets(): Promise<Actor[]> {
    const all = await Promise.all(
      [...this.open].map(async tab => ({ tab, sockets: await tab.page.evaluate('openSockets()') })),
    );
    return all.filter(({ sockets }) => sockets !== 0).map(({ tab }) => tab);
  }

  /** A tab ends; gives when, in milliseconds since 1970. */
  async end(tab: Actor, how: End): Promise<number> {
    this.open.delete(tab);
    if (how === 'closed') {
      const at = Date.now();
      await tab.leaves();
      return at;
    }
    const crashed = tab.page.waitForEvent('crash');
    const session = await tab.page.context().newCDPSession(tab.page);
    const at = Date.now();
    // Nobody is left to answer.
    session.send('Page.crash').catch(() => undefined);
    await crashed;
    await tab.leaves();
    return at;
  }

  /** How long after a moment each tab was live again, in milliseconds. */
  async liveAgain(since: number, seconds = 60): Promise<number[]> {
    const times = [];
    for (const tab of [...this.open]) {
      await tab.waitsFor(`isLive() && heard.lives.at(-1).at >= ${since}`, seconds);
      times.push((await tab.heard()).lives.find(({ at }) => at >= since)!.at - since);
    }
    return times;
  }

  async heard(count: number): Promise<Heard[]> {
    const all = [];
    for (const tab of this.open) {
      await tab.waitsFor(`heard.numbers.at(-1) === ${count - 1}`, 60);
      all.push(await tab.heard());
    }
    return all;
  }

  async close(): Promise<void> {
    for (const tab of this.open) await tab.leaves();
  }
}

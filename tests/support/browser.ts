import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { programs, Running } from './programs.ts';

/** What makes it fit for tests: it needs no rights and no screen, calls nobody, and treats tabs at the back as at the front. */
const SWITCHES = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
];

/** The system's Chromium, without a window. */
export class Chromium {
  readonly #browser: Browser;
  readonly #running: Running;
  readonly #folder: string;

  private constructor(browser: Browser, running: Running, folder: string) {
    this.#browser = browser;
    this.#running = running;
    this.#folder = folder;
  }

  /**
   * Started here and not by Playwright, whose browsers hold every page in focus: such a page never freezes.
   */
  static async start(): Promise<Chromium> {
    const folder = await mkdtemp(join(tmpdir(), 'tidewire-chromium-'));
    const words = [...SWITCHES, `--user-data-dir=${folder}`, '--remote-debugging-port=0', 'about:blank'];
    const running = new Running(programs.browser, words);
    const port = await running.until(async () => {
      const [line] = (await readFile(join(folder, 'DevToolsActivePort'), 'utf8')).split('\n');
      if (!line) throw new Error('the browser has not yet named its port');
      return line;
    });
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    return new Chromium(browser, running, folder);
  }

  /** Opens a page and collects what it complains of. */
  async open(url: string): Promise<{ page: Page; complaints: string[] }> {
    const [context] = this.#browser.contexts();
    if (!context) throw new Error('the browser has no profile');
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', error => complaints.push(`${error}`));
    page.on('requestfailed', request => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
    page.on('response', response => {
      if (response.status() >= 400) complaints.push(`${response.url()}: ${response.status()}`);
    });
    await page.goto(url);
    return { page, complaints };
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#running.kill();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 10 });
  }
}

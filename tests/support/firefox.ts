import { basename } from 'node:path';
import type { Page } from 'playwright-core';
import puppeteer, { type Browser, type Page as Tab } from 'puppeteer-core';
import { programs } from './programs.ts';

/** Whether the tests have Firefox for a browser, in which no page can be made to freeze or to crash. */
export const isFirefox = basename(programs.browser).startsWith('firefox');

/** Of tests in which a page is left and come back to, which was not tried there. */
export const kept = { skip: isFirefox && 'not tried in Firefox' };
/** Of tests in which a page freezes. */
export const unfrozen = { skip: isFirefox && 'Firefox cannot be told to freeze a page' };

/** The system's Firefox, without a window, by WebDriver BiDi: Playwright knows but a Firefox of its own. */
export class Firefox {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Firefox> {
    return new Firefox(
      await puppeteer.launch({ browser: 'firefox', executablePath: programs.browser, headless: true }),
    );
  }

  async open(url: string): Promise<{ page: Page }> {
    const tab = await this.#browser.newPage();
    await tab.goto(url);
    return { page: inPlaywrightsWords(tab) };
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}

/** What the tests use of a page; all else is missing. */
function inPlaywrightsWords(tab: Tab): Page {
  const page = {
    addInitScript: (script: string) => tab.evaluateOnNewDocument(script),
    close: () => tab.close(),
    context: () => ({ newPage: async () => inPlaywrightsWords(await tab.browser().newPage()) }),
    evaluate: (expression: string) => tab.evaluate(expression),
    goto: (url: string) => tab.goto(url),
    on: () => page,
    reload: () => tab.reload(),
    url: () => tab.url(),
    waitForFunction: (expression: string, _: undefined, options: { timeout: number; polling: number }) =>
      tab.waitForFunction(expression, options),
    waitForSelector: (selector: string) => tab.waitForSelector(selector),
  };
  return page as never;
}

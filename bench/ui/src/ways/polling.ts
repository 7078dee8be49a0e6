import type { Update, Way } from '../update';

/** All rows, once per second. */
export const polling: Way = {
  start(take, show) {
    setInterval(async () => {
      const all = (await (await fetch('/rows')).json()) as Update[];
      for (const update of all) take(update);
      show();
    }, 1000);
  },
};

/** What has come since the last answer; the server waits until there is something. */
export const longPolling: Way = {
  async start(take, show) {
    for (let seq = 0; ;) {
      const news = (await (await fetch(`/since?seq=${seq}`)).json()) as Update[];
      for (const update of news) take(update);
      seq = news.at(-1)?.seq ?? seq;
      show();
    }
  },
};

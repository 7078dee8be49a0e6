import type { Driver, StartDriver } from './driver.ts';

/** With these a request is over. */
const ANSWERS = ['published', 'history', 'presence', 'failed'];
/** What is said already, or is nobody's business: payloads, and what goes with them. */
const UNSAID = ['payload', 'publication', 'name', 'status', 'issues', 'kind', 'id'];

/**
 * Makes drivers that write what they are asked and what they tell, for people: a line each, with the milliseconds since
 * `began` and with the channels' names. It imports nothing that runs: that would be a chunk of its own, for every page.
 */
export function logged(
  start: StartDriver,
  debug: true | ((line: string) => void),
  began: number,
): StartDriver {
  /** The channels of subscriptions, and of requests that wait for their answers. */
  const channels = new Map<unknown, string>();

  function write(what: string, id: unknown, channel: string | undefined, words: string): void {
    const line = `+${Date.now() - began} ${channel ? `${channel}: ` : ''}${what}${id ? ` #${id}` : ''}${words}`;
    // Later: who reads it may call the client, which is in the middle of something.
    Promise.resolve(line)
      .then(debug === true ? console.debug : debug)
      .catch(console.error);
  }

  /** What an event says; of a list how long it is. */
  function words(of: any): string {
    let said = of instanceof Error ? `: ${of.message}` : '';
    for (const [name, value] of Object.entries<any>(of)) {
      if (!value || UNSAID.includes(name)) continue;
      const last = value.at?.(-1)?.meta?.position;
      if (Array.isArray(value)) said += `, ${name} ${value.length}${last ? ` up to ${last}` : ''}`;
      else if (typeof value == 'object') said += words(value);
      else said += `, ${name} ${name == 'until' ? `+${Math.round(value - began)}` : value}`;
    }
    return said;
  }

  return (url, host, broken) => {
    const driver = start(
      url,
      (events, atOnce) => {
        for (const { kind, id, ...event } of events as any[]) {
          const channel = id ? channels.get(id) : event.publication?.channel;
          // Of what is over nothing more is told.
          if (!id || channel) write(event.detail?.status ?? kind, id, channel, words(event));
          if (ANSWERS.includes(kind)) channels.delete(id);
        }
        host(events, atOnce);
      },
      broken,
    );
    // Without what else an address may hold, as a password or a token.
    const { origin, pathname } = new URL(url);
    const said: Record<string, (given: any[]) => unknown[]> = {
      connect: () => [origin + pathname],
      token: () => [],
      publish: ([, , payload]) => [`${payload.length} long`],
    };

    return new Proxy(driver, {
      get:
        (driver, method: keyof Driver) =>
        (...given: any[]) => {
          const [id, named] = given;
          if (id && typeof named == 'string') channels.set(id, named);
          const channel = channels.get(id);
          const rest = said[method]?.(given) ?? given.slice(channel ? 2 : 0);
          write(method, channel && id, channel, rest.map(value => (value ? `, ${value}` : '')).join(''));
          if (channel && !named) channels.delete(id);
          (driver[method] as (...given: unknown[]) => void)(...given);
        },
    });
  };
}

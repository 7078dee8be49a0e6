import type { Node } from '../support/node.ts';

/** One publication as the HTTP API tells it. */
interface Publication {
  position: string;
  data: { number: number };
}

/** Publishes and reads through whichever node answers, as an application's server does. */
export class Publisher {
  readonly #nodes: readonly Node[];
  readonly #channel: string;

  constructor(nodes: readonly Node[], channel: string) {
    this.#nodes = nodes;
    this.#channel = channel;
  }

  /** Publishes one number; tries again, with the same key, until a node says that the log has it. */
  async publish(number: number): Promise<void> {
    const body = JSON.stringify({ channel: this.#channel, data: { number } });
    const headers = { 'content-type': 'application/json', 'idempotency-key': `${this.#channel}-${number}` };
    await this.#ask(number, port =>
      fetch(`http://127.0.0.1:${port}/v1/publish`, { method: 'POST', headers, body }),
    );
  }

  /** All the numbers in the channel's log, oldest first. */
  async log(): Promise<number[]> {
    const numbers: number[] = [];
    // No log has this position, and after a position that is not there a page begins with the oldest.
    let since = '0-00000000';
    for (let more = true; more;) {
      const query = new URLSearchParams({ limit: '500', since });
      const path = `/v1/channels/${encodeURIComponent(this.#channel)}/history?${query}`;
      const answer = await this.#ask(0, port => fetch(`http://127.0.0.1:${port}${path}`));
      const page = (await answer.json()) as { publications: Publication[]; more: boolean };
      numbers.push(...page.publications.map(publication => publication.data.number));
      since = page.publications.at(-1)?.position ?? since;
      more = page.more;
    }
    return numbers;
  }

  async #ask(turn: number, ask: (port: number) => Promise<Response>): Promise<Response> {
    const patience = Date.now() + 60_000;
    for (let attempt = turn; ; attempt += 1) {
      const port = this.#nodes[attempt % this.#nodes.length]?.port ?? 0;
      let trouble: unknown;
      try {
        const answer = await ask(port);
        if (answer.ok) return answer;
        trouble = `${answer.status} ${await answer.text()}`;
        // Another attempt would be refused again.
        if (answer.status < 500 && answer.status !== 429) throw new Error(`refused: ${trouble}`);
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('refused')) throw error;
        trouble = error;
      }
      if (Date.now() > patience) throw new Error('no node answered for a minute', { cause: trouble });
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }
}

import type { RawMessage } from '../message.ts';
import type { Payload } from '../payload.ts';

/** What a subscriber or reader gets from a place in the log on. */
export interface Since {
  readonly messages: readonly RawMessage[];
  /** The place is no longer in the log. */
  readonly trimmed: boolean;
}

/** One channel's log, in memory. */
export class TestLog {
  #messages: RawMessage[] = [];
  #newest = 0;

  /** The newest place, 0 before the first publication. */
  get newest(): number {
    return this.#newest;
  }

  append(payload: Payload, user: string | undefined): RawMessage {
    const offset = ++this.#newest;
    const id = hash(offset + 0x51);
    const meta = { position: position(offset), id, replayed: false, missing: 0, ...(user && { user }) };
    const message = { payload, meta };
    this.#messages.push(message);
    return message;
  }

  /** Forgets all that was published so far, as a log does that was trimmed. */
  trim(): void {
    this.#messages = [];
  }

  last(count: number): readonly RawMessage[] {
    return count > 0 ? this.#messages.slice(-count) : [];
  }

  since(offset: number): Since {
    const lost = this.#newest - this.#messages.length;
    return { messages: this.#messages.slice(Math.max(0, offset - lost)), trimmed: offset < lost };
  }
}

/** A place as text. */
export function position(offset: number): string {
  return `${offset}-${hash(offset)}`;
}

/** The place that a text names; one that this log never gave is before all others. */
export function offsetOf(text: string): number {
  const offset = Number.parseInt(text, 10);
  return position(offset) === text ? offset : -1;
}

function hash(number: number): string {
  return (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0');
}

import { TidewireError, type Message, type StandardSchema } from '@tidewire/client';

/** A part of a channel's log as the HTTP API gives it, and as the page carries it to the browser. */
export interface HistoryPage {
  /** The log's newest position. */
  readonly position: string;
  /** Oldest first. */
  readonly publications: readonly {
    readonly position: string;
    readonly id: string;
    readonly data?: unknown;
    /** In place of `data`: base64. */
    readonly bytes?: string;
    readonly user?: string;
    readonly missing?: number;
  }[];
}

/** Reads a page's messages as a subscriber would get them; what does not fit the schema is told and left out. */
export function messagesOf<Received>(
  page: HistoryPage,
  schema: StandardSchema<unknown, Received> | undefined,
  skip: (error: TidewireError) => void,
): Message<Received>[] {
  return page.publications.flatMap(({ position, id, data, bytes, user, missing = 0 }) => {
    const value = bytes === undefined ? data : bytesOf(bytes);
    const result = schema?.['~standard'].validate(value);
    if (result && ('then' in result || result.issues)) {
      const issues = 'then' in result ? [{ message: 'the schema answers later' }] : result.issues;
      const reasons = issues.map(({ message }) => message).join('; ');
      const message = `message ${position} is not what the channel's schema says: ${reasons}`;
      skip(new TidewireError('invalid_message', message, { issues }));
      return [];
    }
    // Without a schema the definition's type is what the application vouches for.
    const meta = { position, id, replayed: true, missing, ...(user !== undefined && { user }) };
    return [{ data: result ? result.value : (value as Received), meta }];
  });
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

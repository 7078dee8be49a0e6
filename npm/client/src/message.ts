import { TidewireError } from './errors.ts';
import { decode, type Payload } from './payload.ts';
import type { StandardSchema } from './standard-schema.ts';
import { valid } from './validate.ts';

/** Where a message comes from. */
export interface Meta {
  /** Its place in the channel's log; empty in a channel without one. Equal places are the same text. */
  readonly position: string;
  /** Names the publication; stays the same where a log is healed and its places change. Empty without a log. */
  readonly id: string;
  /** The publisher's user, where its token named one. */
  readonly user?: string;
  /** It was published while this subscriber was away, or before it came. */
  readonly replayed: boolean;
  /** How many publications of the same publisher, just before this one, are lost. Nearly always 0. */
  readonly missing: number;
}

/** One message and where it comes from. */
export interface Message<Data> {
  readonly data: Data;
  readonly meta: Meta;
}

/** A message whose payload nobody has looked at, or only together with others. */
export interface RawMessage {
  readonly payload: Payload;
  /** What the payload says, where that was read already. */
  data?: unknown;
  readonly meta: Meta;
}

/** A message with its payload read, and checked where there is a schema; or why that cannot be. */
export function read<Data>(
  { payload, data: read, meta }: RawMessage,
  schema: StandardSchema<unknown, Data> | undefined,
): Message<Data> | TidewireError {
  try {
    const data = read ?? decode(payload);
    // Without a schema the definition's type is what the application vouches for.
    if (!schema) return { data: data as Data, meta };
    return { data: valid(schema, data, `message ${meta.position}`), meta };
  } catch (cause) {
    if (cause instanceof TidewireError) return cause;
    return new TidewireError('invalid_message', `the schema failed at message ${meta.position}`, { cause });
  }
}

import { TidewireError } from './errors.ts';

/** What a publication carries: JSON text, or bytes. */
export type Payload = string | Uint8Array;

/** What an application publishes: a Uint8Array as it is, anything else as JSON. */
export function encode(data: unknown): Payload {
  if (data instanceof Uint8Array) return data;
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    cause = error;
  }
  if (json === undefined)
    throw new TidewireError('bad_payload', 'a message must be JSON or a Uint8Array', { cause });
  return json;
}

/** What an application gets of a payload. */
export function decode(payload: Payload): unknown {
  if (typeof payload !== 'string') return payload;
  try {
    return JSON.parse(payload);
  } catch (cause) {
    throw new TidewireError('bad_payload', 'a message is not JSON', { cause });
  }
}

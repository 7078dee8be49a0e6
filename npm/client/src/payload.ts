import { TidewireError } from './errors.ts';

/** What a publication carries: JSON text, or bytes. */
export type Payload = string | Uint8Array;

const encoder = new TextEncoder();

/** A text's bytes. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The bytes of what an application publishes: a Uint8Array as it is, anything else as JSON. */
export function encode(data: unknown): { bytes: Uint8Array; binary: boolean } {
  if (data instanceof Uint8Array) return { bytes: data, binary: true };
  let json: string | undefined;
  let cause: unknown;
  try {
    json = JSON.stringify(data);
  } catch (error) {
    cause = error;
  }
  if (json === undefined)
    throw new TidewireError('bad_payload', 'a message must be JSON or a Uint8Array', { cause });
  return { bytes: utf8(json), binary: false };
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

import type { Gap } from './gap.ts';
import type { Issue } from './standard-schema.ts';

/** What to do after an error: the same may succeed later, or it will not. */
export type Advice = 'retry' | 'stop';

/**
 * Why something failed, as a word for programs. The server's refusals come with their own word
 * (`forbidden`, `too_large`, …; see PROTOCOL.md), hence any string.
 */
export type ErrorCode =
  | 'wasm_blocked'
  | 'wasm_failed'
  | 'no_websocket'
  | 'closed'
  | 'aborted'
  | 'bad_channel'
  | 'bad_payload'
  | 'bad_position'
  | 'bad_url'
  | 'invalid_message'
  | 'overflow'
  | 'outbox_unavailable'
  | 'outbox_full'
  | 'expired'
  | 'in_doubt'
  | 'token_failed'
  | 'forbidden'
  | 'too_large'
  | 'gap'
  | 'trouble'
  | (string & {});

/** What an error may carry besides its message. */
export interface ErrorDetail {
  advice?: Advice;
  issues?: readonly Issue[];
  gap?: Gap;
  publication?: { readonly channel: string; readonly data: unknown };
  cause?: unknown;
}

/** Everything that this package throws, rejects with or reports. */
export class TidewireError extends Error {
  override readonly name = 'TidewireError';
  /** Why, for programs. */
  readonly code: ErrorCode;
  /** Whether the same may succeed later. */
  readonly advice: Advice;
  /** What a schema found, where `code` is `invalid_message`. */
  readonly issues: readonly Issue[];
  /** What is missing, where `code` is `gap`. */
  readonly gap: Gap | undefined;
  /** What an earlier page published and nobody waits for any more, where that is what failed. */
  readonly publication: ErrorDetail['publication'];

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    // Of the rest an Error takes the cause, where there is one.
    super(message, detail);
    this.code = code;
    this.advice = detail.advice ?? 'stop';
    this.issues = detail.issues ?? [];
    this.gap = detail.gap;
    this.publication = detail.publication;
  }
}

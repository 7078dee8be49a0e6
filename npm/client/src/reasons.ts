/** The server's refusals, by their numbers in PROTOCOL.md. */
const REFUSALS = [
  'unknown',
  'malformed',
  'unknown_frame',
  'bad_channel',
  'forbidden',
  'too_large',
  'too_many_subscriptions',
  'too_fast',
  'unavailable',
  'token_expired',
  'token_invalid',
  'not_supported',
  'not_retained',
  'bad_payload',
  'bad_seq',
  'not_subscribed',
];

/** Why a place in a log is gone, by numbers there too. */
export const RESETS = [undefined, 'trimmed', 'rolled_back', 'replaced'];

const ENDED = 'the server ended the subscription';

/** The session's own reasons, as client-wasm's `reason.rs` numbers them from 100 on: for programs, and for people. */
const REASONS: readonly (readonly [code: string, words: string])[] = [
  ['overflow', 'too much waits for the server already'],
  ['not_live', 'not connected, and the namespace keeps nothing for later'],
  ['too_large', 'the payload does not fit in the # bytes of one message'],
  ['ended', 'the session has ended'],
  ['in_doubt', 'it was sent too long ago to be sent again'],
  ['in_doubt', 'it may have been accepted before it was refused'],
  ['in_doubt', 'the session ended before the answer'],
  ['in_doubt', 'the link was lost before the answer'],
  ['bad_channel', 'it is no channel name'],
  ['', 'the connection was closed (#)'],
  ['', 'the server fell silent'],
  ['', 'the server did not answer in time'],
  ['trouble', 'the server sent something unreadable'],
  ['token_failed', 'no token for now'],
  ['token_failed', 'no token'],
  ['', 'closed by the application'],
  ['', 'the server ended it (#)'],
  ['requested', ENDED],
  ['forbidden', ENDED],
  ['removed', ENDED],
  ['trouble', ''],
];

/** The code and the words of a reason, with what the server or the application said. */
export function reason(number: number, detail: number, said: string): [code: string, message: string] {
  const refusal = REFUSALS[number] ?? 'unknown';
  const [code, words] = REASONS[number - 100] ?? [refusal, number ? refusal : ''];
  return [code, [words.replace('#', `${detail}`), said].filter(Boolean).join(': ')];
}

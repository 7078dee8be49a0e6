/** From now on the sender leads: what another one held is over. */
export const LEADS = 0;
/** The server knows of no shared sockets. */
export const ALONE = 1;
/** A tab wants link `number`, not on the socket of its link `detail`; or wants to know whether the leader is there. */
export const ASKS = 2;
/** The leader has link `number`; it is open where `detail` is not 0. */
export const HOLDS = 3;
/** The server calls link `number` by the name `detail`. */
export const NAMES = 4;
/** To the leader, a message of link `number`; from it, one of the server. */
export const SAYS = 5;
/** Link `number` is over; of the leader's, `detail` is the code and `body` the reason. Without code the leader goes. */
export const SHUTS = 6;
/** A tab has taken in what counts `number` bytes. */
export const HEARD = 7;

/** What one tab says to another. */
export type Word = [
  kind: number,
  from: string,
  number?: number | undefined,
  detail?: number | undefined,
  body?: ArrayBuffer | Uint8Array<ArrayBuffer> | string | undefined,
];

/** What a message of the server counts, in bytes, until its tab has taken it in. */
export function weight(message: ArrayBuffer): number {
  return message.byteLength + 256;
}

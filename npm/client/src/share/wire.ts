/** The subprotocol of a socket for several tabs. What these say to each other is of its version too. */
export const SHARED = 'tidewire.v1.shared';

/** The kinds of a message on such a socket, in both directions. */
export const MESSAGE = 1;
export const CLOSED = 2;

/** A message of the server: its kind, the streams that it is for, and where what it says begins. */
export function read(message: ArrayBuffer): [kind: number, streams: number[], at: number] {
  const view = new DataView(message);
  const streams = [];
  let at = 2;
  for (let left = view.getUint8(1); left--; at += 4) streams.push(view.getUint32(at, true));
  return [view.getUint8(0), streams, at];
}

/** A message for the server. */
export function written(stream: number, kind: number, rest = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(5 + rest.length);
  new DataView(message.buffer).setUint32(0, stream, true);
  message[4] = kind;
  message.set(rest, 5);
  return message;
}

// Before Angular and every way: so that a pass of change detection knows whether it is made in a frame.
let inFrame = false;
const request = globalThis.requestAnimationFrame.bind(globalThis);
globalThis.requestAnimationFrame = callback =>
  request(time => {
    inFrame = true;
    try {
      callback(time);
    } finally {
      inFrame = false;
    }
  });

const { port1, port2 } = new MessageChannel();
const waiting: (() => void)[] = [];
port1.onmessage = () => {
  for (const painted of waiting.splice(0)) painted();
};

/** Calls back when what is in the document now has been painted. */
export function afterPaint(painted: () => void): void {
  const post = () => {
    waiting.push(painted);
    // What is posted in a frame arrives after it.
    port2.postMessage(undefined);
  };
  if (inFrame) post();
  else request(post);
}

/** Milliseconds since 1970, with a fraction; the same clock as the server's. */
export function clock(): number {
  return performance.timeOrigin + performance.now();
}

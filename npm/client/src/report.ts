/** Tells the page's error reporting of an error that no handler took, without stopping anything. */
export function report(error: unknown): void {
  if ('reportError' in globalThis) reportError(error);
  else console.error(error);
}

/** Calls a handler of the application; what it throws is reported and harms nobody. */
export function guard(handler: () => void): void {
  try {
    handler();
  } catch (error) {
    report(error);
  }
}

import { Signal, effect, signal } from '@angular/core';

/** The whole seconds until a moment (milliseconds since 1970), counted down; 0 where there is none or it has passed. */
export function injectSecondsLeft(until: Signal<number | undefined>): Signal<number> {
  const left = signal(0);
  effect(onCleanup => {
    const end = until();
    if (end === undefined) {
      left.set(0);
      return;
    }
    const count = () => left.set(Math.max(0, Math.ceil((end - Date.now()) / 1000)));
    count();
    const timer = setInterval(count, 250);
    onCleanup(() => clearInterval(timer));
  });
  return left.asReadonly();
}

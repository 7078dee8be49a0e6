import { assertInInjectionContext, DestroyRef, inject, NgZone, signal, type Signal } from '@angular/core';
import { Coalescer, type Coalesce } from '@tidewire/client';
import { FRAME } from './frame.ts';
import { IN_BROWSER } from './tidewire.ts';
import { TIDEWIRE_OPTIONS } from './tidewire-options.ts';

/** A signal that shows, once per frame, how something is that changes more often. */
export type FrameSignal<Value> = Signal<Value> & {
  /** It has changed: shown with the next frame, together with what else changes until then. */
  changed(): void;
  /** Shows at once how it is now. */
  refresh(): void;
};

/** When a frame signal shows what has changed. */
export interface FrameSignalOptions {
  /** Default: what `provideTidewire` says, else `frame`. */
  readonly coalesce?: Coalesce | undefined;
}

/**
 * A signal of what `read` gives, read anew once per frame after `changed()`. A thousand changes a second then cost
 * sixty updates of the page. Waits outside Angular's zone, and no longer than its injector lives.
 */
export function injectFrameSignal<Value>(
  read: () => Value,
  { coalesce }: FrameSignalOptions = {},
): FrameSignal<Value> {
  assertInInjectionContext(injectFrameSignal);
  const zone = inject(NgZone);
  // While a server renders there are no frames, and a timer would keep it waiting.
  const chosen = inject(IN_BROWSER)
    ? (coalesce ?? inject(TIDEWIRE_OPTIONS, { optional: true })?.coalesce ?? 'frame')
    : 'none';
  const shown = signal(read());
  const show = () => shown.set(read());
  const coalescer = chosen === 'frame' ? inject(FRAME).joined(show) : new Coalescer(chosen, show);
  let destroyed = false;
  inject(DestroyRef).onDestroy(() => {
    destroyed = true;
    coalescer.cancel();
  });
  return Object.assign(shown.asReadonly(), {
    changed(): void {
      if (!destroyed) zone.runOutsideAngular(() => coalescer.ask());
    },
    refresh(): void {
      coalescer.cancel();
      show();
    },
  });
}

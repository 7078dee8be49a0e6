import { assertInInjectionContext, DestroyRef, inject, NgZone, signal, type Signal } from '@angular/core';
import { Coalescer, type Coalesce } from '@tidewire/client';
import { injectCoalesce } from './coalesce.ts';
import { FRAME } from './frame.ts';

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
  const chosen = injectCoalesce(coalesce);
  const shown = signal(read());
  let isAsked = false;
  const show = () => {
    isAsked = false;
    shown.set(read());
  };
  const coalescer = chosen === 'frame' ? inject(FRAME).joined(show) : new Coalescer(chosen, show);
  let destroyed = false;
  inject(DestroyRef).onDestroy(() => {
    destroyed = true;
    coalescer.cancel();
  });
  return Object.assign(shown.asReadonly(), {
    changed(): void {
      // Asked for with the first of many changes.
      if (destroyed || isAsked) return;
      isAsked = true;
      zone.runOutsideAngular(() => coalescer.ask());
    },
    refresh(): void {
      coalescer.cancel();
      show();
    },
  });
}

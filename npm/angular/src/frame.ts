import { ApplicationRef, ErrorHandler, inject, InjectionToken, NgZone } from '@angular/core';
import { Coalescer } from '@tidewire/client';

/** Shows what has changed. */
type Show = () => void;

/**
 * An application's next frame. All that changes until then is shown in it, by one pass of change detection: left to
 * Angular's own scheduling, the pass would come after the frame, and be painted with the one after that.
 */
class Frame {
  readonly #shows = new Set<Show>();
  readonly #coalescer: Coalescer;

  constructor(application: ApplicationRef, zone: NgZone, errors: ErrorHandler) {
    this.#coalescer = new Coalescer('frame', () =>
      zone.run(() => {
        const shows = [...this.#shows];
        this.#shows.clear();
        for (const show of shows) {
          try {
            show();
          } catch (error) {
            errors.handleError(error);
          }
        }
        // A zone's end makes a pass by itself.
        if (!NgZone.isInAngularZone()) application.tick();
      }),
    );
    application.onDestroy(() => this.#coalescer.cancel());
  }

  /** One of those who show something with the next frame. */
  joined(show: Show): Pick<Coalescer, 'ask' | 'cancel'> {
    return {
      ask: () => {
        this.#shows.add(show);
        this.#coalescer.ask();
      },
      cancel: () => {
        this.#shows.delete(show);
        if (!this.#shows.size) this.#coalescer.cancel();
      },
    };
  }
}

/** The application's frame. */
export const FRAME = /* @__PURE__ */ new InjectionToken<Frame>('Tidewire frame', {
  factory: () => new Frame(inject(ApplicationRef), inject(NgZone), inject(ErrorHandler)),
});

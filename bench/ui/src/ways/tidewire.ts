import { assertInInjectionContext } from '@angular/core';
import { defineChannel, injectChannel, injectFrameSignal } from '@tidewire/angular';

import type { Update, Way } from '../update';

const channel = defineChannel<Update>('bench:all');

/** As in the dashboard among the examples. */
export const tidewire: Way = {
  start(take, show) {
    assertInInjectionContext(tidewire.start);
    const shown = injectFrameSignal(show);
    injectChannel(channel, {
      keep: 0,
      on: {
        message: update => {
          take(update);
          shown.changed();
        },
      },
    });
  },
};

import { defineChannel } from '@tidewire/angular';
import * as v from 'valibot';

import { INSTRUMENTS } from './instruments';

const row = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(INSTRUMENTS.length - 1));

/** What the feed publishes: what has changed since it published before. */
const batch = v.object({
  /** When, in milliseconds since 1970 by the feed's clock, with a fraction. */
  at: v.number(),
  /** Row, price, and volume of the day. */
  ticks: v.array(v.tuple([row, v.number(), v.number()])),
});

export type Batch = v.InferOutput<typeof batch>;

/** The channel of all ticks. */
export const market = defineChannel('market:all', { message: batch });

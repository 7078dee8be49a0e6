import { defineChannel } from '@tidewire/angular';
import * as v from 'valibot';

/** What is said in a room. Whatever arrives is checked against it, whoever sent it. */
const chatMessage = v.object({
  /** Made by the author for each message; by it this page verifies that nothing arrives twice. */
  id: v.pipe(v.string(), v.nonEmpty(), v.maxLength(64)),
  author: v.object({
    id: v.pipe(v.string(), v.maxLength(64)),
    name: v.pipe(v.string(), v.maxLength(40)),
  }),
  text: v.pipe(v.string(), v.maxLength(4000)),
  /** Milliseconds since 1970, by the author's clock; no more than a Date can say. */
  at: v.pipe(v.number(), v.minValue(0), v.maxValue(8.64e15)),
});

export type ChatMessage = v.InferOutput<typeof chatMessage>;

/** The typed channel of a room: everything published and received through it is a {@link ChatMessage}. */
export const chat = defineChannel('chat:{room}', { message: chatMessage });

import { guard } from './report.ts';

/** What is done in a frame, in this order: messages are taken in, handed over, and shown. */
export const TAKE_IN = 0;
export const HAND_OVER = 1;
export const SHOW = 2;

/** In a hidden page no frame comes, elsewhere there may be none at all; then this many milliseconds do. */
const FRAMELESS_MS = 250;

type Work = () => void;

/** What waits for a frame, and for which part of it. */
const waiting = new Map<Work, number>();
let frame: number | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Does something in the next frame, or in this one where that part of it is still to come; once, however often asked. */
export function inFrame(part: number, work: Work): void {
  waiting.set(work, part);
  if (!timer) wait();
}

/** What was asked for comes no more. */
export function notInFrame(work: Work): void {
  waiting.delete(work);
  if (!waiting.size) stop();
}

function wait(): void {
  frame = globalThis.requestAnimationFrame?.(run);
  timer = setTimeout(run, FRAMELESS_MS);
}

function stop(): void {
  if (frame) cancelAnimationFrame(frame);
  clearTimeout(timer);
  frame = timer = undefined;
}

function run(by?: number): void {
  // It has come, by a time; a timer gives none.
  if (by) frame = undefined;
  for (let part = TAKE_IN; part <= SHOW; part++)
    for (const [work, its] of [...waiting]) if (its === part && waiting.delete(work)) guard(work);
  stop();
  if (waiting.size) wait();
}

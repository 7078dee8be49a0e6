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
/** A frame has come since the timer was set, so others will. */
let hasCome = false;
let isRunning = false;

/** Does something in the next frame, or in this one where that part of it is still to come; once, however often asked. */
export function inFrame(part: number, work: Work): void {
  waiting.set(work, part);
  wait();
}

/** What was asked for comes no more. */
export function notInFrame(work: Work): void {
  if (!waiting.delete(work) || waiting.size) return;
  cancel();
  clearTimeout(timer);
  timer = undefined;
}

/** The timer is left as it is when a frame comes: to set one sixty times a second takes longer than a frame's messages. */
function wait(): void {
  if (isRunning) return;
  frame ??= globalThis.requestAnimationFrame?.(come);
  if (timer) return;
  hasCome = false;
  timer = setTimeout(late, FRAMELESS_MS);
}

function come(): void {
  frame = undefined;
  hasCome = true;
  run();
}

function late(): void {
  timer = undefined;
  if (hasCome) return waiting.size ? wait() : undefined;
  cancel();
  run();
}

function cancel(): void {
  if (frame) cancelAnimationFrame(frame);
  frame = undefined;
}

function run(): void {
  isRunning = true;
  for (let part = TAKE_IN; part <= SHOW; part++)
    for (const [work, its] of [...waiting]) if (its === part && waiting.delete(work)) guard(work);
  isRunning = false;
  if (waiting.size) wait();
}

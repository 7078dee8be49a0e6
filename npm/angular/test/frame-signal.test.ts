import { afterEveryRender, ApplicationRef, Component } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import type { Coalesce } from '@tidewire/client';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { injectChannel, injectFrameSignal } from '../src/index.ts';
import { chat, settled, stage } from './support/stage.ts';

let frames: Map<number, () => void>;

beforeEach(() => {
  frames = new Map();
  let last = 0;
  vi.stubGlobal('requestAnimationFrame', (show: () => void) => (frames.set(++last, show), last));
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** The next frame comes. */
function frame(): void {
  const due = [...frames.values()];
  frames.clear();
  for (const show of due) show();
}

@Component({ template: '' })
class Counter {
  count = 0;
  readonly shown = injectFrameSignal(() => this.count, { coalesce: 'frame' });
  add(): void {
    this.count++;
    this.shown.changed();
  }
}

test('what changes between two frames is shown with the next one, in one go', async () => {
  const { fixture } = await stage(Counter);
  const counter = fixture.componentInstance;
  frames.clear();

  for (let times = 0; times < 1000; times++) counter.add();
  expect([counter.shown(), frames.size]).toEqual([0, 1]);

  frame();
  expect([counter.shown(), frames.size]).toEqual([1000, 0]);

  counter.add();
  frame();
  expect(counter.shown()).toBe(1001);
});

test('what all channels and signals have is shown in the frame, by one pass', async () => {
  let passes = 0;
  @Component({ template: '{{ one() }} {{ other() }}' })
  class Two {
    readonly counts = [0, 0];
    readonly one = injectFrameSignal(() => this.counts[0], { coalesce: 'frame' });
    readonly other = injectFrameSignal(() => this.counts[1], { coalesce: 'frame' });
    constructor() {
      afterEveryRender(() => passes++);
    }
  }
  const { fixture } = await stage(Two);
  TestBed.inject(ApplicationRef).attachView(fixture.componentRef.hostView);
  await fixture.whenStable();
  const { counts, one, other } = fixture.componentInstance;
  frames.clear();
  passes = 0;

  counts.fill(7);
  one.changed();
  other.changed();
  frame();

  expect((fixture.nativeElement as HTMLElement).textContent).toBe('7 7');
  await fixture.whenStable();
  expect(passes).toBe(1);
});

test('a window that nobody sees has no frames, and shows it all the same', async () => {
  const { fixture } = await stage(Counter);
  vi.useFakeTimers();

  fixture.componentInstance.add();
  vi.advanceTimersByTime(250);

  expect(fixture.componentInstance.shown()).toBe(1);
});

test('what must be shown at once is', async () => {
  const { fixture } = await stage(Counter);
  const counter = fixture.componentInstance;
  counter.add();
  counter.shown.refresh();
  expect(counter.shown()).toBe(1);
});

test('nothing is waited for once its component is gone', async () => {
  const { fixture } = await stage(Counter);
  const counter = fixture.componentInstance;
  frames.clear();
  vi.useFakeTimers();

  counter.add();
  fixture.destroy();
  counter.add();

  expect([frames.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('a channel changes its signals once per frame, by default', async () => {
  @Component({ template: '' })
  class Room {
    readonly channel = injectChannel(chat, () => ({ room: 'lobby' }));
  }
  const { server, fixture } = await stage(Room, { coalesce: 'frame' });
  const { channel } = fixture.componentInstance;
  frame();
  frames.clear();

  for (let number = 0; number < 100; number++) server.publish('chat:lobby', `${number}`);
  await Promise.resolve();
  expect([channel.messages().length, frames.size]).toEqual([0, 1]);
  frame();
  expect(channel.messages()).toHaveLength(100);
});

/** A room with these options, what its handlers heard, and what it shows. */
async function room(coalesce: Coalesce | undefined, keep?: number) {
  const heard: string[] = [];
  @Component({ template: '' })
  class Room {
    readonly channel = injectChannel(chat, () => ({ room: 'lobby' }), {
      ...(coalesce !== undefined && { coalesce }),
      ...(keep !== undefined && { keep }),
      on: { message: text => heard.push(text) },
    });
  }
  const { server, fixture } = await stage(Room, { coalesce: 'frame' });
  frame();
  return { server, heard, shown: () => fixture.componentInstance.channel.messages().length };
}

test('handlers hear of messages in the frame that shows them', async () => {
  const { server, heard, shown } = await room(undefined);
  server.publish('chat:lobby', 'hello');
  await settled();
  expect([heard, shown()]).toEqual([[], 0]);
  frame();
  expect([heard, shown(), frames.size]).toEqual([['hello'], 1, 0]);
});

test('or as messages come', async () => {
  const { server, heard, shown } = await room('none');
  server.publish('chat:lobby', 'hello');
  await settled();
  expect([heard, shown(), frames.size]).toEqual([['hello'], 1, 0]);
});

test('or every so many milliseconds, and then the next frame shows it', async () => {
  const { server, heard, shown } = await room(200);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server.publish('chat:lobby', 'hello');
  await Promise.resolve();
  vi.advanceTimersByTime(199);
  expect(heard).toEqual([]);
  vi.advanceTimersByTime(1);
  expect([heard, shown()]).toEqual([['hello'], 0]);
  frame();
  expect(shown()).toBe(1);
});

test('where no message is kept, none changes what is shown, and no frame is asked for', async () => {
  const { server, heard, shown } = await room(200, 0);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server.publish('chat:lobby', 'hello');
  await Promise.resolve();
  vi.advanceTimersByTime(200);
  expect([heard, shown(), frames.size]).toEqual([['hello'], 0, 0]);
});

import 'zone.js';
import { ApplicationRef, Component, NgZone, inject, provideZoneChangeDetection } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import type { Client } from '@tidewire/client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { injectChannel, injectFrameSignal } from '../src/index.ts';
import { outsideZone } from '../src/outside-zone.ts';
import { chat, settled, stage } from './support/stage.ts';

@Component({ template: '{{ room.latest()?.data }}' })
class Room {
  readonly room = injectChannel(chat, () => ({ room: 'lobby' }), { coalesce: 'frame' });
}

const withZone = [provideZoneChangeDetection()];

test('with zone.js, nothing that a client does is done inside the zone, wherever it is called', () => {
  const zone = new NgZone({});
  const done: string[] = [];
  const note = (name: string) => () => void done.push(NgZone.isInAngularZone() ? `${name} inside` : name);
  const subscription = { close: note('close') };
  const channel = {
    subscribe: () => (note('subscribe')(), subscription),
    publish: note('publish'),
    history: note('history'),
  };
  const plain = { channel: () => channel, connect: note('connect'), close: note('end') };
  const client = outsideZone(plain as unknown as Client, zone);

  zone.run(() => {
    const room = client.channel(chat, { room: 'lobby' });
    room.subscribe({}).close();
    void room.publish('hello');
    void room.history();
    client.connect();
    client.close();
  });

  expect(done).toEqual(['subscribe', 'close', 'publish', 'history', 'connect', 'end']);
});

test('with zone.js, handlers and frames come outside the zone', async () => {
  const inside: boolean[] = [];
  vi.stubGlobal('requestAnimationFrame', () => inside.push(NgZone.isInAngularZone()));
  onTestFinished(() => void vi.unstubAllGlobals());
  @Component({ template: '' })
  class Room {
    readonly zone = inject(NgZone);
    readonly count = injectFrameSignal(() => 0, { coalesce: 'frame' });
    readonly room = injectChannel(chat, () => ({ room: 'lobby' }), {
      on: { message: () => inside.push(NgZone.isInAngularZone()) },
    });
  }
  const { fixture } = await stage(Room, {}, withZone);
  const { zone, room, count } = fixture.componentInstance;
  inside.length = 0;

  zone.run(() => count.changed());
  zone.run(() => void room.publish('hello'));
  await settled();

  expect(inside).toEqual([false, false]);
});

test('with zone.js, a hundred messages are one pass of change detection', async () => {
  const { server, fixture } = await stage(Room, {}, withZone);
  const app = TestBed.inject(ApplicationRef);
  const tick = vi.spyOn(app, 'tick');
  tick.mockClear();

  for (let number = 0; number < 100; number++) {
    server.publish('chat:lobby', `${number}`);
    await Promise.resolve();
  }
  await vi.waitFor(() => expect((fixture.nativeElement as HTMLElement).textContent).toBe('99'));

  expect(tick.mock.calls.length).toBeLessThanOrEqual(2);
});

test('with zone.js, the application is stable while its channel is open', async () => {
  await stage(Room, {}, withZone);
  await TestBed.inject(ApplicationRef).whenStable();
});

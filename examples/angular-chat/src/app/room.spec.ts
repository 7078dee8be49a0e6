import { WritableSignal, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { TestServer, provideTidewireTesting } from '@tidewire/angular/testing';
import { beforeEach, expect, it, vi } from 'vitest';

import type { ChatMessage } from './chat-channel';
import { Room, injectRoom } from './room';

let server: TestServer;
let name: WritableSignal<string>;
let room: Room;

beforeEach(async () => {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  server = TestBed.inject(TestServer);
  server.publish('chat:lobby', said('before'));
  name = signal('lobby');
  room = TestBed.runInInjectionContext(() => injectRoom(name));
  await settled();
});

const said = (text: string): ChatMessage => ({
  id: text,
  author: { id: 'ada', name: 'Ada' },
  text,
  at: 0,
});
const words = () =>
  room.timeline().entries.map(entry => (entry.kind === 'said' ? entry.message.text : entry.kind));

/** When the page shows all that was told. */
async function settled(): Promise<void> {
  TestBed.tick();
  await new Promise(resolve => setTimeout(resolve));
}

it('opens with what was said before, and shows what others and oneself say', async () => {
  server.publish('chat:lobby', said('hello'));
  await room.say('welcome');
  await settled();

  expect(words()).toEqual(['before', 'hello', 'welcome']);
  expect(room.timeline().outgoing).toEqual([]);
  expect(room.timeline().figures).toMatchObject({ received: 3, replayed: 0, duplicates: 0, gaps: 0 });
});

it('shows how many are there', async () => {
  expect(room.presence()?.users).toBe(1);
  server.join('chat:lobby', 'ben');
  await settled();
  // Shown with the next frame.
  await vi.waitFor(() => expect(room.presence()?.users).toBe(2));
});

it('says after a loss how much was missed, and sends what was written meanwhile', async () => {
  server.disconnect();
  await settled();
  server.publish('chat:lobby', said('missed'));
  const saying = room.say('written offline');
  await settled();
  expect(room.timeline().outgoing).toMatchObject([{ state: 'sending' }]);

  server.reconnect();
  await saying;
  await settled();

  expect(words()).toEqual(['before', 'return', 'missed', 'written offline']);
  expect(room.timeline().figures).toMatchObject({ replayed: 1, gaps: 0 });
});

it('says that something is gone, and reads what the log still holds', async () => {
  server.disconnect();
  await settled();
  server.publish('chat:lobby', said('gone'));
  server.trim('chat:lobby');
  server.publish('chat:lobby', said('left'));
  server.reconnect();
  await settled();

  expect(words()).toEqual(['before', 'gap', 'left']);
});

it('is another room when the name changes', async () => {
  server.publish('chat:harbour', said('ahoy'));

  name.set('harbour');
  await settled();

  expect(words()).toEqual(['ahoy']);
});

it('says why a message was refused', async () => {
  server.refuse('chat:lobby', 'too_large', 'too large');

  await room.say('…');
  await settled();

  expect(room.timeline().outgoing).toMatchObject([{ state: 'failed', why: 'too large' }]);
});

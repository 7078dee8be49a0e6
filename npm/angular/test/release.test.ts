import { Component, createComponent, EnvironmentInjector } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { injectChannel, injectConnection, injectTidewire } from '../src/index.ts';
import { chat, settled, shown, stage } from './support/stage.ts';

@Component({ template: '{{ connection().status }} {{ room.latest()?.data }}' })
class Room {
  readonly client = injectTidewire();
  readonly connection = injectConnection();
  readonly room = injectChannel(chat, () => ({ room: 'lobby' }), { last: 10 });
}

test('a component that is mounted and destroyed a thousand times leaves nothing behind', async () => {
  const { server, fixture } = await stage(Room);
  const listeners = countListeners(fixture.componentInstance.client);
  const environmentInjector = TestBed.inject(EnvironmentInjector);
  server.publish('chat:lobby', 'hello');

  const rooms: WeakRef<object>[] = [];
  for (let times = 0; times < 1000; times++) {
    // Not by TestBed, which holds what it has made until the test ends.
    const mounted = createComponent(Room, { environmentInjector });
    mounted.changeDetectorRef.detectChanges();
    expect(server.subscriptions).toBe(2);
    expect(listeners()).toBe(1);
    // Some live for a while, and hear something.
    if (times % 100 === 0) {
      await settled();
      expect(mounted.instance.room.latest()?.data).toBe('hello');
    }
    rooms.push(new WeakRef(mounted.instance.room));
    mounted.destroy();
  }
  await shown(fixture);

  expect(server.subscriptions).toBe(1);
  expect(listeners()).toBe(0);
  await collected();
  // The engine may still have the last one at hand.
  expect(rooms.slice(0, -1).filter(room => room.deref())).toHaveLength(0);

  server.publish('chat:lobby', 'still there');
  await shown(fixture);
  expect(fixture.componentInstance.room.latest()?.data).toBe('still there');
});

/** How many listeners a client has that were added from now on. */
function countListeners(client: { on(...given: never[]): () => void }): () => number {
  let count = 0;
  const on = client.on.bind(client);
  client.on = (...given) => {
    const stop = on(...given);
    count++;
    return () => {
      count--;
      stop();
    };
  };
  return () => count;
}

/** When what nobody holds any more is gone. */
async function collected(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 5; round++) {
    await settled();
    collect();
  }
}

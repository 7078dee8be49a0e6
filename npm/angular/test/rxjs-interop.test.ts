import { toSignal } from '@angular/core/rxjs-interop';
import { Component } from '@angular/core';
import { map, retry, type Subscription } from 'rxjs';
import { expect, test } from 'vitest';
import { injectTidewire, type TidewireError } from '../src/index.ts';
import { observeChannel, observeStatus } from '../src/rxjs-interop.ts';
import { chat, settled, shown, stage } from './support/stage.ts';

@Component({ template: '{{ status() }}' })
class Observer {
  readonly client = injectTidewire();
  readonly status = toSignal(observeStatus(this.client).pipe(map(({ status }) => status)));
  readonly messages = observeChannel(this.client.channel(chat, { room: 'lobby' }), { last: 1 }).pipe(
    map(({ data }) => data),
  );
}

test('an observable gives the messages from its subscription until it is unsubscribed', async () => {
  const { server, fixture } = await stage(Observer);
  const heard: string[] = [];
  server.publish('chat:lobby', 'before');

  const subscription: Subscription = fixture.componentInstance.messages.subscribe(text => heard.push(text));
  await settled();
  server.publish('chat:lobby', 'now');
  await settled();
  subscription.unsubscribe();
  server.publish('chat:lobby', 'after');
  await settled();

  expect(heard).toEqual(['before', 'now']);
  expect(server.subscriptions).toBe(0);
});

test('a gap ends it with an error, and retry goes on', async () => {
  const { server, fixture } = await stage(Observer);
  const { messages } = fixture.componentInstance;
  const errors: TidewireError[] = [];
  const heard: string[] = [];
  messages.subscribe({ error: (error: TidewireError) => errors.push(error) });
  messages.pipe(retry(1)).subscribe(text => heard.push(text));
  await settled();

  server.gap('chat:lobby', { reason: 'rolled_back' });
  await settled();
  server.publish('chat:lobby', 'on');
  await settled();

  expect(errors).toMatchObject([{ code: 'gap', gap: { reason: 'rolled_back' }, advice: 'retry' }]);
  expect(heard).toEqual(['on']);
  expect(server.subscriptions).toBe(1);
});

test('the status is an observable too', async () => {
  const { server, fixture, text } = await stage(Observer);
  expect(text()).toBe('live');
  server.disconnect();
  await shown(fixture);
  expect(text()).toBe('waiting');
});

import { Component, Injector, inject, signal } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect, test } from 'vitest';
import { defineChannel, injectChannel, type StandardSchema } from '../src/index.ts';
import { provideTidewireTesting, TestServer } from '../src/testing.ts';
import { chat, settled, shown, stage } from './support/stage.ts';

@Component({
  template: `{{ room.status() }}:
    @for (message of room.messages(); track message.meta.position) {
      {{ message.data }}
    }`,
})
class Lobby {
  readonly name = signal<string | undefined>('lobby');
  readonly heard: unknown[] = [];
  readonly room = injectChannel(
    chat,
    () => {
      const room = this.name();
      return room === undefined ? undefined : { room };
    },
    {
      last: 2,
      keep: 3,
      on: {
        opened: channel => this.heard.push(channel),
        lost: () => this.heard.push('lost'),
        message: text => this.heard.push(text),
        subscribed: ({ replayed }) => this.heard.push(replayed),
        gap: ({ reason }) => this.heard.push(reason),
      },
    },
  );
}

const words = (room: Lobby['room']) => room.messages().map(({ data }) => data);

test('a component shows its channel', async () => {
  const { server, fixture, text } = await stage(Lobby);
  expect(text()).toBe('live:');

  server.publish('chat:lobby', 'hello');
  server.publish('chat:lobby', 'world');
  await shown(fixture);

  expect(text().split(/\s+/)).toEqual(['live:', 'hello', 'world']);
  expect(fixture.componentInstance.room.latest()?.data).toBe('world');
});

test('it begins with the last messages, and keeps the newest', async () => {
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  const server = TestBed.inject(TestServer);
  for (const text of ['1', '2', '3']) server.publish('chat:lobby', text);
  const fixture = TestBed.createComponent(Lobby);
  const { room } = fixture.componentInstance;
  await shown(fixture);

  expect(words(room)).toEqual(['2', '3']);
  expect(room.subscribed()).toMatchObject({ replayed: 2, recovered: true });

  for (const text of ['4', '5', '6', '7', '8']) server.publish('chat:lobby', text);
  await shown(fixture);
  expect(words(room)).toEqual(['6', '7', '8']);
});

test('what was missed is replayed, and said', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, heard } = fixture.componentInstance;

  server.disconnect();
  server.publish('chat:lobby', 'missed');
  await shown(fixture);
  expect(room.status()).toBe('pending');

  server.reconnect();
  await shown(fixture);
  expect(room.status()).toBe('live');
  expect(words(room)).toEqual(['missed']);
  expect(room.subscribed()?.replayed).toBe(1);
  expect(room.latest()?.meta.replayed).toBe(true);
  expect(heard).toEqual(['chat:lobby', 0, 'lost', 1, 'missed']);
});

test('a move to another node is no loss', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, heard } = fixture.componentInstance;

  server.move();
  await shown(fixture);

  expect(room.status()).toBe('live');
  expect(heard).toEqual(['chat:lobby', 0, 0]);
});

test('a gap is said, with its reason, and handlers hear it before what follows', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, heard } = fixture.componentInstance;

  server.disconnect();
  server.publish('chat:lobby', 'gone');
  server.trim('chat:lobby');
  server.reconnect();
  await settled();
  server.publish('chat:lobby', 'next');
  await shown(fixture);

  expect(room.gap()).toEqual({ reason: 'trimmed' });
  expect(room.subscribed()?.recovered).toBe(false);
  expect(heard).toEqual(['chat:lobby', 0, 'lost', 'trimmed', 0, 'next']);
});

test('other parameters lead to another channel, and leave the old one', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, name } = fixture.componentInstance;
  server.publish('chat:lobby', 'old');
  server.gap('chat:lobby', { reason: 'trimmed' });
  await shown(fixture);

  name.set('harbour');
  await shown(fixture);
  server.publish('chat:lobby', 'not for us');
  server.publish('chat:harbour', 'new');
  await shown(fixture);

  expect(room.name()).toBe('chat:harbour');
  expect(words(room)).toEqual(['new']);
  expect(room.gap()).toBeUndefined();
  expect(server.subscriptions).toBe(1);
});

test('new parameters that are the same ones change nothing', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, name, heard } = fixture.componentInstance;
  server.publish('chat:lobby', 'stays');
  await shown(fixture);

  name.set(undefined);
  name.set('lobby');
  await shown(fixture);

  expect(words(room)).toEqual(['stays']);
  expect(heard).toEqual(['chat:lobby', 0, 'stays']);
});

test('without parameters there is no subscription', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, name } = fixture.componentInstance;

  name.set(undefined);
  await shown(fixture);

  expect([room.status(), room.name()]).toEqual(['idle', undefined]);
  expect(server.subscriptions).toBe(0);
  await expect(room.publish('x')).rejects.toMatchObject({ code: 'bad_channel' });
});

test('parameters that give no name are an error, not an exception', async () => {
  const { fixture } = await stage(Lobby);
  const { room, name } = fixture.componentInstance;

  name.set('');
  await shown(fixture);
  expect(room.status()).toBe('closed');
  expect(room.error()?.code).toBe('bad_channel');

  name.set('lobby');
  await shown(fixture);
  expect([room.status(), room.error()]).toEqual(['live', undefined]);
});

test('it publishes to the present channel, and reads its log', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room, name } = fixture.componentInstance;
  name.set('harbour');

  const { position } = await room.publish('ahoy');

  expect(server.published).toEqual([{ channel: 'chat:harbour', data: 'ahoy' }]);
  expect(await room.history({ limit: 1 })).toMatchObject({ position, publications: [{ data: 'ahoy' }] });
});

test('a signal ends the waiting for an answer', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room } = fixture.componentInstance;
  server.disconnect();
  const controller = new AbortController();
  const { signal } = controller;
  const asked = [room.publish('ahoy', { signal }), room.history({ signal })];

  controller.abort('gone');

  for (const { reason } of (await Promise.allSettled(asked)) as PromiseRejectedResult[])
    expect(reason).toMatchObject({ code: 'aborted', cause: 'gone' });
});

test('a refusal is an error, and closes it', async () => {
  const { server, fixture } = await stage(Lobby);
  const { room } = fixture.componentInstance;

  server.refuse('chat:lobby', 'forbidden', 'not yours');
  await shown(fixture);

  expect(room.status()).toBe('closed');
  expect(room.error()).toMatchObject({ code: 'forbidden', message: 'not yours' });
  await expect(room.publish('x')).rejects.toMatchObject({ code: 'forbidden' });
});

test('a message that is not what the schema says is an error, and the next one is shown', async () => {
  const numbers = defineChannel('numbers:all', { message: onlyNumbers });
  @Component({ template: '' })
  class Numbers {
    readonly channel = injectChannel(numbers);
  }
  const { server, fixture } = await stage(Numbers);
  server.publish('numbers:all', 'seven');
  server.publish('numbers:all', 7);
  await shown(fixture);

  const { channel } = fixture.componentInstance;
  expect(channel.error()?.code).toBe('invalid_message');
  expect(channel.latest()?.data).toBe(7);
  expect(channel.status()).toBe('live');
});

test('with an injector it may be asked for anywhere, and lives as long as that', async () => {
  @Component({ template: '' })
  class Late {
    readonly injector = inject(Injector);
  }
  const { server, fixture } = await stage(Late);
  const injector = fixture.componentInstance.injector;

  const room = injectChannel(chat, () => ({ room: 'lobby' }), { injector });
  await shown(fixture);
  expect(room.status()).toBe('live');

  fixture.destroy();
  await settled();
  expect(server.subscriptions).toBe(0);
});

test('outside of an injection context it says so', () => {
  expect(() => injectChannel(chat, () => ({ room: 'lobby' }))).toThrow('injectChannel() can only be used');
});

const onlyNumbers: StandardSchema<number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: value => (typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] }),
  },
};

test('it shows who is there, while its channel is followed', async () => {
  @Component({ template: `{{ room.presence()?.users }}` })
  class Crowded {
    readonly name = signal('lobby');
    readonly heard: string[] = [];
    readonly room = injectChannel(chat, () => ({ room: this.name() }), {
      presence: true,
      on: {
        joined: members => this.heard.push(...members.map(({ user }) => `+${user}`)),
        left: members => this.heard.push(...members.map(({ user }) => `-${user}`)),
      },
    });
  }
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  const server = TestBed.inject(TestServer);
  server.join('chat:lobby', 'ada', { name: 'Ada' });
  const fixture = TestBed.createComponent(Crowded);
  fixture.autoDetectChanges();
  const { room, heard, name } = fixture.componentInstance;
  await shown(fixture);
  expect(room.presence()).toMatchObject({ connections: 2, users: 2 });
  expect(room.presence()?.members?.get('ada')?.info).toEqual({ name: 'Ada' });

  server.join('chat:lobby', 'ben');
  server.leave('chat:lobby', 'ada');
  await shown(fixture);
  expect(heard).toEqual(['+ben', '-ada']);
  expect((fixture.nativeElement as HTMLElement).textContent).toBe('2');

  server.disconnect();
  await shown(fixture);
  expect(room.presence()?.members).toBeUndefined();
  server.reconnect();
  await shown(fixture);
  expect([...(room.presence()?.members?.keys() ?? [])]).toContain('ben');

  // The next channel begins anew, and nothing of the one before is heard.
  name.set('harbour');
  await shown(fixture);
  expect(room.presence()?.users).toBe(1);
  server.join('chat:lobby', 'cyd');
  await shown(fixture);
  expect(heard).toEqual(['+ben', '-ada']);

  fixture.destroy();
  expect(server.subscriptions).toBe(0);
});

test('who does not ask is not told who is there', async () => {
  const { server, fixture } = await stage(Lobby);
  server.join('chat:lobby', 'ada');
  await shown(fixture);
  expect(fixture.componentInstance.room.presence()).toBeUndefined();
});

import { Component } from '@angular/core';
import { expect, test } from 'vitest';
import { injectConnection, injectTidewire } from '../src/index.ts';
import { shown, stage } from './support/stage.ts';

@Component({ template: '{{ connection().status }}' })
class Status {
  readonly connection = injectConnection();
  readonly client = injectTidewire();
}

test('the connection is a signal, and says when it is coming back', async () => {
  const { server, fixture, text } = await stage(Status);
  const { connection } = fixture.componentInstance;
  expect(text()).toBe('live');
  expect(connection()).toMatchObject({ connection: 'test-1', returning: false });

  server.disconnect('the node died');
  await shown(fixture);
  expect(text()).toBe('waiting');
  expect(connection()).toMatchObject({ reason: 'the node died', returning: true });

  server.reconnect();
  await shown(fixture);
  expect(text()).toBe('live');
});

test('the client is closed with the application', async () => {
  const { fixture } = await stage(Status);
  const { client } = fixture.componentInstance;
  const { TestBed } = await import('@angular/core/testing');

  TestBed.resetTestingModule();
  await Promise.resolve();

  expect(client.status).toBe('closed');
});

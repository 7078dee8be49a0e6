import { Component, ErrorHandler, PLATFORM_ID, TransferState } from '@angular/core';
import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, expect, test, vi, type Mock } from 'vitest';
import { defineChannel, injectChannel, provideTidewire, type StandardSchema } from '../src/index.ts';
import { provideServerHistory, type ServerHistoryOptions } from '../src/server.ts';
import { provideTidewireTesting, TestServer } from '../src/testing.ts';
import { shown } from './support/stage.ts';

const words = defineChannel('words:{of}', { message: onlyWords() });

@Component({
  template: `{{ room.status() }}
    @for (message of room.messages(); track message.meta.position) {
      {{ message.data }}
    }`,
})
class Words {
  readonly room = injectChannel(words, () => ({ of: 'the/day' }), { last: 3 });
}

const text = (fixture: ComponentFixture<unknown>) =>
  (fixture.nativeElement as HTMLElement).textContent.trim().split(/\s+/);

let fetched: Mock;
let WebSocket: Mock;

beforeEach(() => {
  fetched = vi.fn();
  WebSocket = vi.fn();
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('WebSocket', WebSocket);
});
afterEach(() => void vi.unstubAllGlobals());

/** What a server renders. */
async function render(options: Partial<ServerHistoryOptions> = {}) {
  const handleError = vi.fn();
  TestBed.configureTestingModule({
    rethrowApplicationErrors: false,
    providers: [
      { provide: PLATFORM_ID, useValue: 'server' },
      { provide: ErrorHandler, useValue: { handleError } },
      provideTidewire(() => {
        throw new Error('options may be of the page, and a server has none');
      }),
      provideServerHistory({ url: 'http://10.0.0.7:7800', key: 'secret', allow: () => true, ...options }),
    ],
  });
  const fixture = TestBed.createComponent(Words);
  await fixture.whenStable();
  return { fixture, handleError, handed: TestBed.inject(TransferState).toJson() };
}

const publication = (position: string, data: unknown) => ({ position, id: 'id', data });

test('a server renders the channel’s history, and hands it over', async () => {
  const page = { position: '2-b', publications: [publication('1-a', 'one'), publication('2-b', 'two')] };
  fetched.mockResolvedValue(Response.json(page));

  const { fixture, handed } = await render();

  expect(text(fixture)).toEqual(['pending', 'one', 'two']);
  const [address, { headers }] = fetched.mock.calls[0] as [URL, { headers: object }];
  expect(address.href).toBe('http://10.0.0.7:7800/v1/channels/words%3Athe%252Fday/history?limit=3');
  expect(headers).toEqual({ authorization: 'Bearer secret' });
  expect(JSON.parse(handed)).toEqual({ 'tidewire 3 words:the%2Fday': page });
  expect(handed).not.toContain('secret');
  expect(WebSocket).not.toHaveBeenCalled();
});

test('what a visitor may not read is neither asked for nor rendered', async () => {
  const { fixture, handed } = await render({ allow: channel => !channel.startsWith('words:') });

  expect(text(fixture)).toEqual(['pending']);
  expect(fetched).not.toHaveBeenCalled();
  expect(handed).toBe('{}');
});

test('where history cannot be read, the page is rendered without it, and the error is told', async () => {
  fetched.mockResolvedValue(
    Response.json({ code: 'forbidden', reason: 'not with this key' }, { status: 403 }),
  );

  const { fixture, handleError } = await render();

  expect(text(fixture)).toEqual(['pending']);
  expect(handleError).toHaveBeenCalledWith(
    expect.objectContaining({
      code: 'forbidden',
      message: expect.stringContaining('not with this key') as string,
    }),
  );
});

/** The browser's side, on a server in memory whose log has three words, two of which were rendered. */
async function hydrate() {
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  const server = TestBed.inject(TestServer);
  const [first, second] = ['one', 'two', 'three'].map(word => server.publish('words:the%2Fday', word));
  const page = {
    position: second,
    publications: [publication(first ?? '', 'one'), publication(second ?? '', 'two')],
  };
  TestBed.inject(TransferState).set('tidewire 3 words:the%2Fday' as never, page);
  return { server, fixture: TestBed.createComponent(Words) };
}

test('the browser shows at once what was rendered, and goes on from there', async () => {
  const { fixture } = await hydrate();
  fixture.detectChanges();
  expect(text(fixture)).toEqual(['pending', 'one', 'two']);

  await shown(fixture);
  expect(text(fixture)).toEqual(['live', 'one', 'two', 'three']);
  expect(fixture.componentInstance.room.subscribed()).toMatchObject({ replayed: 1, recovered: true });
});

test('who comes later begins with what is newest then', async () => {
  const { server, fixture } = await hydrate();
  await shown(fixture);
  server.publish('words:the%2Fday', 'four');

  const later = TestBed.createComponent(Words);
  await shown(later);

  expect(text(later)).toEqual(['live', 'two', 'three', 'four']);
});

test('what was rendered is checked by the schema in the browser too', async () => {
  TestBed.configureTestingModule({ providers: [provideTidewireTesting()] });
  const page = { position: '', publications: [publication('1-a', 7), publication('2-b', 'two')] };
  TestBed.inject(TransferState).set('tidewire 3 words:the%2Fday' as never, page);
  const fixture = TestBed.createComponent(Words);
  fixture.detectChanges();

  expect(text(fixture)).toEqual(['pending', 'two']);
  expect(fixture.componentInstance.room.error()).toMatchObject({ code: 'invalid_message' });
});

function onlyWords(): StandardSchema<string> {
  const validate = (value: unknown) =>
    typeof value === 'string' ? { value } : { issues: [{ message: 'not a word' }] };
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

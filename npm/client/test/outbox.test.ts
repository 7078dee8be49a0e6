import { afterEach, expect, test, vi } from 'vitest';
import { TidewireError } from '../src/errors.ts';
import { unpack } from '../src/unpack.ts';
import { scripted } from './support/client.ts';
import { Origin, type Page } from './support/page.ts';
import { Packer } from './support/packer.ts';
import { settled } from './support/scripted-driver.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

const CLOSED = { kind: 'status', detail: { status: 'closed' } } as const;

/** What a page has stored, once that is so. */
async function hasStored(page: Page, ...ids: number[]): Promise<void> {
  await vi.waitFor(() => expect(page.own.ids('stored')).toEqual(ids));
}

/** A page that has left 1, sent as 7, and 2, never sent. */
async function left(origin: Origin): Promise<void> {
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby', 7);
  page.own.wantsStored(2, 'chat:lobby');
  await hasStored(page, 1);
  origin.goes(page);
}

test('what is to be stored is read with its name, or without one', () => {
  const { outputs } = unpack(
    new Packer().store(3, 'chat:lobby', { text: 'hi' }, 9).store(4, 'a:b', 1).bytes(),
    TidewireError,
  );
  expect(outputs).toEqual([
    { kind: 'store', id: 3, channel: 'chat:lobby', payload: '{"text":"hi"}', name: Uint8Array.of(9) },
    { kind: 'store', id: 4, channel: 'a:b', payload: '1', name: new Uint8Array() },
  ]);
});

test('what is stored under its name may be sent, and the application hears nothing of it', async () => {
  const page = new Origin().opens();
  page.own.wantsStored(1, 'chat:lobby');
  page.own.wantsStored(2, 'chat:lobby');
  page.own.wantsStored(2, 'chat:lobby', 8);
  await vi.waitFor(() => expect(page.own.asked).toEqual([['stored', 2, 8]]));
  expect(page.told).toEqual([]);
});

test('a later page delivers what an earlier one has left, with its names and in its order', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens();
  await vi.waitFor(() => expect(page.drivers).toHaveLength(2));
  const [, drain] = page.drivers;
  expect(drain!.asked).toEqual([
    ['restore', 1, 'chat:lobby', '"chat:lobby 1"', 7],
    ['restore', 2, 'chat:lobby', '"chat:lobby 2"'],
    ['connect'],
  ]);

  drain!.tells({ kind: 'fetch-token' }, { kind: 'published', id: 1, position: '4-00000001' });
  drain!.wantsStored(2, 'chat:lobby', 8);
  await vi.waitFor(() =>
    expect(drain!.asked.slice(3)).toEqual([
      ['token', 'secret'],
      ['stored', 2, 8],
    ]),
  );
  drain!.tells({ kind: 'published', id: 2, position: null });
  await vi.waitFor(() => expect(drain!.asked.slice(5)).toEqual([['close'], ['free']]));
  expect(page.told).toMatchObject([
    { kind: 'answered', publication: { payload: '"chat:lobby 1"' }, answer: { position: '4-00000001' } },
    { kind: 'answered', publication: { payload: '"chat:lobby 2"' }, answer: { position: null } },
  ]);

  await settled();
  origin.goes(page);
  const next = origin.opens();
  next.own.wantsStored(1, 'chat:lobby', 9);
  await hasStored(next, 1);
  expect(next.drivers).toHaveLength(1);
});

test('what a page publishes waits for what an earlier one has left in the channel, and for nothing else', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby', 9);
  page.own.wantsStored(2, 'chat:garden', 9);
  await vi.waitFor(() => expect(page.drivers).toHaveLength(2));
  await hasStored(page, 2);

  page.drivers[1]!.tells({ kind: 'published', id: 1, position: null });
  await settled();
  await hasStored(page, 2);
  page.drivers[1]!.tells({ kind: 'published', id: 2, position: null });
  await hasStored(page, 2, 1);
});

test('what is to be stored anew while it waits is not sent before it is', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby', 9);
  await vi.waitFor(() => expect(page.drivers).toHaveLength(2));
  await settled();
  page.own.wantsStored(1, 'chat:lobby');
  const answers = [1, 2].map(id => ({ kind: 'published', id, position: null }) as const);
  page.drivers[1]!.tells(...answers);
  await vi.waitFor(() => expect(page.told).toHaveLength(2));
  await hasStored(page);
});

test('what a session leaves undone that ends by itself remains for a later page', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby', 9);
  await vi.waitFor(() => expect(page.drivers).toHaveLength(2));
  const error = new TidewireError('ended', 'the session has ended');
  page.drivers[1]!.tells({ kind: 'failed', id: 1, error }, { kind: 'failed', id: 2, error }, CLOSED);
  // Its own is not held up for ever.
  await hasStored(page, 1);
  expect(page.told).toEqual([]);
  page.own.tells({ kind: 'published', id: 1, position: null });
  await settled();
  origin.goes(page);

  const next = origin.opens();
  await vi.waitFor(() => expect(next.drivers[1]?.ids('restore')).toEqual([1, 2]));
});

test('a client that is closed delivers no more, and lets go of what others may deliver', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens();
  await vi.waitFor(() => expect(page.drivers).toHaveLength(2));
  page.own.tells(CLOSED);
  expect(page.drivers[1]!.asked.slice(3)).toEqual([['close'], ['free']]);
  await settled();
  const next = origin.opens();
  await vi.waitFor(() => expect(next.drivers[1]?.ids('restore')).toEqual([1, 2]));
});

test('what was not sent for too long is told to have expired; what may have been sent is the server’s to judge', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens({ ttl: 0 });
  await vi.waitFor(() => expect(page.drivers[1]?.ids('restore')).toEqual([1]));
  expect(page.told).toMatchObject([
    { kind: 'answered', publication: { payload: '"chat:lobby 2"' }, answer: { error: { code: 'expired' } } },
  ]);
});

test('an outbox of another name is somebody else’s', async () => {
  const origin = new Origin();
  await left(origin);
  const page = origin.opens({ name: 'ada' });
  page.own.wantsStored(1, 'chat:lobby', 9);
  await hasStored(page, 1);
  expect(page.drivers).toHaveLength(1);
});

test('where there is no more space it is told once, and what was not stored is sent and forgotten', async () => {
  const origin = new Origin();
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby');
  await settled();
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('no more', 'QuotaExceededError');
  });
  page.own.wantsStored(1, 'chat:lobby', 7);
  await hasStored(page, 1);
  page.own.wantsStored(2, 'chat:lobby', 8);
  await hasStored(page, 1, 2);
  expect(page.troubles).toEqual(['outbox_full']);
  put.mockRestore();

  origin.goes(page);
  const next = origin.opens();
  next.own.wantsStored(1, 'chat:lobby', 9);
  await hasStored(next, 1);
  expect(next.drivers).toHaveLength(1);
});

test('without IndexedDB it is told once, and everything is sent', async () => {
  const origin = new Origin();
  vi.stubGlobal('indexedDB', undefined);
  const page = origin.opens();
  page.own.wantsStored(1, 'chat:lobby', 7);
  await hasStored(page, 1);
  page.own.wantsStored(2, 'chat:lobby', 8);
  await hasStored(page, 1, 2);
  expect(page.troubles).toEqual(['outbox_unavailable']);
});

test('the application hears what became of what an earlier page published', async () => {
  const { client, driver } = scripted();
  const [delivered, error] = [vi.fn(), vi.fn()];
  client.on('delivered', delivered);
  client.on('error', error);
  await settled();
  const publication = { channel: 'chat:lobby', payload: '{"text":"hi"}', name: new Uint8Array(), at: 0 };
  const refusal = new TidewireError('forbidden', 'not there', { advice: 'stop' });
  driver.host!([
    { kind: 'answered', publication, answer: { kind: 'published', id: 1, position: '4-00000001' } },
    { kind: 'answered', publication, answer: { kind: 'failed', id: 2, error: refusal } },
  ]);
  await settled();
  const told = { channel: 'chat:lobby', data: { text: 'hi' } };
  expect(delivered).toHaveBeenCalledWith({ ...told, position: '4-00000001' });
  expect(error).toHaveBeenCalledWith(expect.objectContaining({ code: 'forbidden', publication: told }));
});

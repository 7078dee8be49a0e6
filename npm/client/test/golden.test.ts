import { readdirSync, readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { defineChannel, type Client, type Meta } from '../src/slim.ts';
import { golden, hex, opened } from './support/socket.ts';

/**
 * The protocol's golden files through the WebAssembly module, over a socket that is none: what the application hears
 * of the binary ones is what the JSON ones say.
 */
interface Publication {
  position: string;
  id: string;
  data?: unknown;
  bytes?: string;
  user?: string;
  missing?: number;
}

function json<Frame>(file: string): Frame {
  const frame = JSON.parse(readFileSync(new URL(`${file}.json`, golden), 'utf8')) as Record<string, Frame>;
  const [fields] = Object.values(frame);
  if (fields === undefined) throw new Error(`${file} is no frame`);
  return fields;
}

/** What a subscriber hears of a publication. */
function heard(
  { position, id, data, bytes, user, missing = 0 }: Publication,
  replayed: boolean,
): [unknown, Meta] {
  const meta = { position, id, replayed, missing, ...(user !== undefined && { user }) };
  return [bytes === undefined ? data : Uint8Array.from(Buffer.from(bytes, 'base64')), meta];
}

const lobby = defineChannel('chat:{room}');

test('a subscriber hears what the golden files say', async () => {
  const messages: [unknown, Meta][] = [];
  const gaps: unknown[] = [];
  const socket = await opened(client =>
    client.channel(lobby, { room: 'lobby' }).subscribe({
      message: (data, meta) => messages.push([data, meta]),
      gap: gap => gaps.push(gap),
    }),
  );
  expect(socket.protocol).toBe('tidewire.v1.postcard');
  const hello = socket.sent[0];
  expect(hello?.subarray(-hex('client/subscribe-anew').length)).toEqual(hex('client/subscribe-anew'));

  for (const file of ['welcome', 'subscribed-replay', 'publication', 'reset']) socket.hears(`server/${file}`);

  const { replay } = json<{ replay: Publication[] }>('server/subscribed-replay');
  const publication = json<Publication>('server/publication');
  await vi.waitFor(() =>
    expect(messages).toEqual([...replay.map(one => heard(one, true)), heard(publication, false)]),
  );
  const { reason } = json<{ reason: string }>('server/reset');
  const missing = { reason: 'missing', count: publication.missing };
  await vi.waitFor(() => expect(gaps).toEqual([missing, missing, { reason }]));
});

test('answers reach their requests as the golden files say', async () => {
  const unanswered: Promise<unknown>[] = [];
  let client: Client | undefined;
  const socket = await opened(opening => (client = opening));
  socket.hears('server/welcome');
  await vi.waitFor(() => expect(client?.status).toBe('live'));
  const channel = client!.channel(lobby, { room: 'lobby' });

  // The golden answers are to the requests 3 and 5.
  unanswered.push(channel.history(), channel.history());
  const published = channel.publish({ text: 'hi' });
  unanswered.push(channel.history());
  const history = channel.history();
  unanswered.forEach(promise => promise.catch(() => undefined));
  await vi.waitFor(() => expect(socket.sent.length).toBeGreaterThan(1));
  for (const file of ['published', 'history']) socket.hears(`server/${file}`);

  const { position } = json<{ position: string }>('server/published');
  expect(await published).toEqual({ position });
  const page = json<{ position: string; publications: Publication[]; more: boolean; reset: string }>(
    'server/history',
  );
  const publications = page.publications.map(one => heard(one, true)).map(([data, meta]) => ({ data, meta }));
  expect(await history).toEqual({
    position: page.position,
    more: page.more,
    reset: page.reset,
    publications,
    errors: [],
  });
});

test('every golden frame of a server can be read', async () => {
  const files = readdirSync(new URL('server/', golden)).filter(file => file.endsWith('.hex'));
  expect(files.length).toBeGreaterThan(18);
  for (const file of files) {
    const socket = await opened();
    socket.hears('server/welcome');
    socket.hears(`server/${file.replace('.hex', '')}`);
    expect(socket.closed, file).toEqual([]);
  }
  const socket = await opened();
  socket.receives(Uint8Array.of(5, 0).buffer);
  await vi.waitFor(() => expect(socket.closed[0]).toBe(4500));
});

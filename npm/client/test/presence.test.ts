import { expect, onTestFinished, test, vi } from 'vitest';
import { defineChannel, type Crowd, type Member, type TidewireError } from '../src/exports.ts';
import { TestServer } from '../src/testing.ts';
import { scripted } from './support/client.ts';
import { settled } from './support/scripted-driver.ts';

const lobby = defineChannel('chat:lobby');
const ada = ['ada', '{"colour":"blue"}', 'c-16'];
const sameAda = ['ada', '', 'c-17'];
const nobody = ['c-5', '', ''];

/** A watch, with all that it tells. */
function watched() {
  const { client, driver } = scripted();
  const heard: unknown[] = [];
  const names = (members: readonly Member[]) => members.map(({ connection }) => connection);
  const watch = client.channel(lobby).watchPresence({
    changed: ({ members, connections, users }: Crowd) =>
      heard.push([members && [...members.keys()], connections, users]),
    joined: members => heard.push(['joined', ...names(members)]),
    left: members => heard.push(['left', ...names(members)]),
    error: ({ code }: TidewireError) => heard.push(code),
  });
  return { client, driver, watch, heard };
}

test('a page of who is there', async () => {
  const { client, driver } = scripted();
  const asked = client.channel(lobby).presence({ limit: 2, after: 'c-15' });
  await driver.tells(p => p.presence(1, [ada, nobody], 'c-17'));

  expect(driver.asked).toContainEqual(['presence', 1, 'chat:lobby', 'c-15', 2]);
  expect(await asked).toEqual({
    members: [
      { user: 'ada', info: { colour: 'blue' }, connection: 'c-16' },
      { user: 'c-5', connection: 'c-5' },
    ],
    connections: 7,
    users: 2,
    next: 'c-17',
  });
});

test('information that is no JSON is told as it is', async () => {
  const { client, driver } = scripted();
  const asked = client.channel(lobby).presence();
  await driver.tells(p => p.presence(1, [['ada', 'blue', 'c-1']]));
  expect(await asked).toMatchObject({ members: [{ info: 'blue' }], next: null });
});

test('a watch keeps up with who is there', async () => {
  const { driver, watch, heard } = watched();
  expect(watch.now.members).toBeUndefined();
  await driver.tells(
    p => p.members(1, ada, nobody),
    p => p.joined(1, sameAda),
    p => p.left(1, ada),
  );

  expect(heard).toEqual([
    [['c-16', 'c-5'], 2, 2],
    ['joined', 'c-17'],
    [['c-16', 'c-5', 'c-17'], 3, 2],
    ['left', 'c-16'],
    [['c-5', 'c-17'], 2, 2],
  ]);
  expect(watch.now.members?.get('c-17')).toEqual({ user: 'ada', connection: 'c-17' });
});

test('it says that it does not know who is there, where the server only counts', async () => {
  const { driver, heard } = watched();
  await driver.tells(
    p => p.members(1, ada),
    p => p.counted(1, 5000, 4000),
  );
  expect(heard.at(-1)).toEqual([undefined, 5000, 4000]);
});

test('it forgets who was there while the connection is away, and learns it anew', async () => {
  const { driver, heard } = watched();
  await driver.tells(
    p => p.live(),
    p => p.members(1, ada, nobody),
  );
  await driver.tells(p => p.waiting(100, 'gone'));
  expect(heard.at(-1)).toEqual([undefined, 2, 2]);
  await driver.tells(
    p => p.live('c-2'),
    p => p.members(1, ada),
  );
  expect(heard.at(-1)).toEqual([['c-16'], 1, 1]);
});

test('a refused watch is over', async () => {
  const { driver, heard } = watched();
  await driver.tells(p => p.failed(1, 'not_supported', 'no presence there'));
  await driver.tells(p => p.members(1, ada));
  expect(heard).toEqual(['not_supported']);
});

test('a closed watch hears no more, and the session is told', async () => {
  const { driver, watch, heard } = watched();
  await driver.tells(p => p.members(1, ada));
  watch.close();
  await driver.tells(p => p.joined(1, sameAda));
  expect(heard).toHaveLength(1);
  expect(driver.ids('unwatchPresence')).toEqual([1]);
});

test('an aborted signal closes the watch', async () => {
  const { client, driver } = scripted();
  const abort = new AbortController();
  const changed = vi.fn();
  client.channel(lobby).watchPresence(changed, { signal: abort.signal });
  await settled();
  abort.abort();
  await driver.tells(p => p.members(1, ada));
  expect(driver.ids('unwatchPresence')).toEqual([1]);
  expect(changed).not.toHaveBeenCalled();
});

test('the server in memory tells who is there, its clients and others', async () => {
  vi.stubGlobal('WebSocket', class {});
  onTestFinished(() => void vi.unstubAllGlobals());
  const server = new TestServer();
  const [one, other] = [server.createClient(), server.createClient()];
  await settled();
  server.join('chat:lobby', 'ada', { colour: 'blue' });
  const channel = one.channel(lobby);
  channel.subscribe(() => {});
  const watch = channel.watchPresence(() => {});
  await settled();
  expect(watch.now).toMatchObject({ connections: 2, users: 2 });
  expect(watch.now.members?.get('ada')?.info).toEqual({ colour: 'blue' });

  const theirs = other.channel(lobby).subscribe(() => {});
  await settled();
  expect(watch.now.connections).toBe(3);
  theirs.close();
  server.leave('chat:lobby', 'ada');
  await settled();
  expect(watch.now.connections).toBe(1);
  expect(await channel.presence({ limit: 1 })).toMatchObject({ connections: 1, next: null });

  server.disconnect();
  await settled();
  expect(watch.now.members).toBeUndefined();
  server.reconnect();
  await settled();
  expect(watch.now.connections).toBe(1);
});

import { expect, test } from 'vitest';
import { channelName } from '../src/define-channel.ts';

test('parameters take their places in the name', () => {
  expect(channelName('chat:{room}/{thread}', { room: 'lobby', thread: 7 })).toBe('chat:lobby/7');
});

test('a value cannot reach into another part of the name', () => {
  expect(channelName('doc:{id}:notes', { id: 'a:b/c*ü' })).toBe('doc:a%3Ab%2Fc%2A%C3%BC:notes');
});

test('a parameter that is not given is an error that names it', () => {
  expect(() => channelName('chat:{room}', {})).toThrow('needs the parameter room');
  expect(() => channelName('chat:{toString}', {})).toThrow('needs the parameter toString');
});

test.each(['lobby', ':lobby', 'chat:', 'Chat:lobby', 'chat:a b', 'chat:*', `chat:${'x'.repeat(196)}`])(
  '%s is no channel name',
  name => {
    expect(() => channelName(name)).toThrow(expect.objectContaining({ code: 'bad_channel' }));
  },
);

test('the longest name has 200 characters', () => {
  expect(channelName(`chat:${'x'.repeat(195)}`)).toHaveLength(200);
});

import { afterEach, expect, test, vi } from 'vitest';
import { endpoint } from '../src/endpoint.ts';

afterEach(() => void vi.unstubAllGlobals());

test.each([
  ['ws://localhost:7800/v1/connect', 'ws://localhost:7800/v1/connect'],
  ['https://example.org', 'wss://example.org/v1/connect'],
  ['http://example.org/live/connect#top', 'ws://example.org/live/connect'],
])('%s means %s', (url, address) => {
  expect(endpoint(url)).toBe(address);
});

test('what is relative starts from the page', () => {
  vi.stubGlobal('location', { href: 'https://example.org/chat/lobby' });
  expect(endpoint('/v1/connect')).toBe('wss://example.org/v1/connect');
});

test('what is relative without a page, or of another protocol, is refused', () => {
  expect(() => endpoint('/v1/connect')).toThrow(expect.objectContaining({ code: 'bad_url' }));
  expect(() => endpoint('ftp://example.org')).toThrow(expect.objectContaining({ code: 'bad_url' }));
});

import { inject, InjectionToken, PLATFORM_ID } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { injectTidewire, provideTidewire } from '../src/index.ts';

test('the options may come from the injector', () => {
  const address = new InjectionToken<string>('address');
  TestBed.configureTestingModule({
    providers: [
      { provide: address, useValue: 'not an address' },
      provideTidewire(() => ({ url: new URL(`http:/${inject(address).length}`), autoConnect: false })),
    ],
  });
  const client = TestBed.runInInjectionContext(injectTidewire);
  expect(client.status).toBe('idle');
});

test('a wrong address is an error that says so', () => {
  TestBed.configureTestingModule({ providers: [provideTidewire({ url: 'ftp://example.org' })] });
  expect(() => TestBed.runInInjectionContext(injectTidewire)).toThrow('neither a ws: nor an http: address');
});

test('without provideTidewire the error says what is missing', () => {
  expect(() => TestBed.runInInjectionContext(injectTidewire)).toThrow('is provideTidewire missing?');
});

test('a server that renders the page opens no socket, and nothing keeps it waiting', async () => {
  const WebSocket = vi.fn();
  vi.stubGlobal('WebSocket', WebSocket);
  onTestFinished(() => void vi.unstubAllGlobals());
  TestBed.configureTestingModule({
    providers: [provideTidewire({ url: '/v1/connect' }), { provide: PLATFORM_ID, useValue: 'server' }],
  });
  const client = TestBed.runInInjectionContext(injectTidewire);
  await new Promise(resolve => setTimeout(resolve, 20));

  expect(client.status).toBe('idle');
  expect(WebSocket).not.toHaveBeenCalled();
});

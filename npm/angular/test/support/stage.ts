import { type EnvironmentProviders, type Provider, type Type } from '@angular/core';
import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { defineChannel } from '../../src/index.ts';
import { provideTidewireTesting, TestServer } from '../../src/testing.ts';
import type { TidewireOptions } from '../../src/tidewire-options.ts';

/** What most tests talk in. */
export const chat = defineChannel<string>('chat:{room}');

/** A component on a client of a server in memory. */
export async function stage<Component>(
  component: Type<Component>,
  options: Partial<TidewireOptions> = {},
  providers: (Provider | EnvironmentProviders)[] = [],
): Promise<{ server: TestServer; fixture: ComponentFixture<Component>; text: () => string }> {
  TestBed.configureTestingModule({ providers: [provideTidewireTesting(options), ...providers] });
  const server = TestBed.inject(TestServer);
  const fixture = TestBed.createComponent(component);
  // As in an application; with zone.js, tests would have to ask for each pass.
  fixture.autoDetectChanges();
  await shown(fixture);
  return { server, fixture, text: () => (fixture.nativeElement as HTMLElement).textContent.trim() };
}

/** When all that was told is heard, and the page shows it. */
export async function shown(fixture: ComponentFixture<unknown>): Promise<void> {
  await settled();
  await fixture.whenStable();
}

/** When all that was told is heard. */
export function settled(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve));
}

import { Service, computed, signal } from '@angular/core';

import { randomId, randomName } from './random';

const NAME_KEY = 'tidewire-chat.name';
const WINDOW_KEY = 'tidewire-chat.window';
export const LONGEST_NAME = 32;

/**
 * Who is writing in this window. A chosen name is kept for all later windows; until one is chosen each window has a
 * random name of its own, so that two windows can talk to each other.
 */
@Service()
export class Me {
  /** Stays the same when this window is reloaded; another window is somebody else. */
  private readonly id: string;
  private readonly given = signal('');

  readonly name = this.given.asReadonly();
  readonly author = computed(() => ({ id: this.id, name: this.given() }));

  constructor() {
    const [id, name] = remembered(sessionStorage, WINDOW_KEY)?.split('\n') ?? [];
    this.id = id || randomId();
    this.given.set(remembered(localStorage, NAME_KEY) || name || randomName());
    remember(sessionStorage, WINDOW_KEY, `${this.id}\n${this.given()}`);
  }

  rename(name: string): void {
    const trimmed = name.trim().slice(0, LONGEST_NAME);
    if (!trimmed || trimmed === this.given()) return;
    this.given.set(trimmed);
    remember(localStorage, NAME_KEY, trimmed);
    remember(sessionStorage, WINDOW_KEY, `${this.id}\n${trimmed}`);
  }
}

/** A browser may refuse storage; then the name lasts as long as the page. */
function remembered(storage: Storage, key: string): string | null {
  try {
    return storage.getItem(key);
  } catch {
    return null;
  }
}

function remember(storage: Storage, key: string, value: string): void {
  try {
    storage.setItem(key, value);
  } catch {
    // As above.
  }
}

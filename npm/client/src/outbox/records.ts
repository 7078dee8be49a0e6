import type { ClientEvent, RequestEvent, Stored } from '../unpack.ts';

/** Whose publications: which outbox, and which page. */
export type Owner = readonly [outbox: string, page: string];

/** What becomes of a change: what was to be stored, or undefined where it was to be forgotten. */
export type Changes = Map<number, Stored | undefined>;

const STORE = 'publications';
/** A database that takes longer to open will not. */
const PATIENCE_MS = 5_000;

/** Opens the origin's database. */
export function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open('tidewire-outbox', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      // A later version of this package may want another form.
      opening.result.onversionchange = () => opening.result.close();
      resolve(opening.result);
    };
    opening.onerror = () => reject(opening.error);
    setTimeout(() => reject(new Error('the database does not open')), PATIENCE_MS);
  });
}

/** The pages that have left something in an outbox, the earliest first. */
export async function pages(database: IDBDatabase, outbox: string): Promise<string[]> {
  const keys = await asked(stored(database).getAllKeys(beginning([outbox])));
  return [...new Set(keys.map(key => (key as string[])[1]!))];
}

/** What a page has left, in the order in which it was published. */
export async function leftBy(database: IDBDatabase, owner: Owner): Promise<Map<number, Stored>> {
  const store = stored(database);
  const range = beginning(owner);
  const [keys, all] = await Promise.all([asked(store.getAllKeys(range)), asked(store.getAll(range))]);
  return new Map(keys.map((key, at) => [(key as number[])[2]!, all[at] as Stored]));
}

/** One page's publications in the database. Changes are written in order, all together that come while others are. */
export class Records {
  readonly #database: Promise<IDBDatabase>;
  readonly #owner: Owner;
  readonly #written: (changes: Changes) => void;
  readonly #failed: (cause: unknown) => void;
  readonly #ids: Set<number>;
  #changes: Changes = new Map();
  #writing: Promise<void> | undefined;

  /** Tells what is written, and also what cannot be: then it is in the database no more. */
  constructor(
    database: Promise<IDBDatabase>,
    owner: Owner,
    written: (changes: Changes) => void,
    failed: (cause: unknown) => void,
    ids: Iterable<number>,
  ) {
    this.#database = database;
    this.#owner = owner;
    this.#written = written;
    this.#failed = failed;
    this.#ids = new Set(ids);
  }

  /** Resolves when everything is written. */
  get settled(): Promise<void> | undefined {
    return this.#writing;
  }

  /** Stores what is to be stored, and forgets what has its answer. */
  hear(event: RequestEvent | ClientEvent): void {
    if (event.kind === 'store') {
      const { id, channel, payload, name } = event;
      this.#ids.add(id);
      this.#change(id, { channel, payload, name, at: Date.now() });
    } else if (event.kind === 'published' || event.kind === 'failed') {
      if (this.#ids.delete(event.id)) this.#change(event.id, undefined);
    }
  }

  #change(id: number, stored: Stored | undefined): void {
    this.#changes.set(id, stored);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    // What happens in the same step belongs together.
    await null;
    while (this.#changes.size) {
      const changes = this.#changes;
      this.#changes = new Map();
      try {
        await this.#commit(changes);
      } catch (cause) {
        this.#failed(cause);
        // What is there without the name that it is sent with would be published again.
        await this.#commit(new Map([...changes.keys()].map(id => [id, undefined]))).catch(() => {});
      }
      this.#written(changes);
    }
    this.#writing = undefined;
  }

  async #commit(changes: Changes): Promise<void> {
    const database = await this.#database;
    const isNamed = [...changes.values()].some(stored => stored?.name.length);
    // What is sent must be known to have been sent, also after a power failure.
    const durability = isNamed ? 'strict' : 'relaxed';
    const transaction = database.transaction(STORE, 'readwrite', { durability });
    const store = transaction.objectStore(STORE);
    for (const [id, stored] of changes) {
      const key = [...this.#owner, id];
      if (stored) store.put(stored, key);
      else store.delete(key);
    }
    await new Promise<unknown>((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

function stored(database: IDBDatabase): IDBObjectStore {
  return database.transaction(STORE).objectStore(STORE);
}

/** All keys that begin so: an array is greater than any text or number. */
function beginning(key: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound(key, [...key, []]);
}

function asked<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

import type { ClientEvent, RequestEvent, Stored } from '../unpack.ts';

/** Whose publications: which outbox, and which page. */
export type Owner = readonly [outbox: string, page: string];

const STORE = 'publications';
/** A database that takes longer to open will not. */
const PATIENCE_MS = 5_000;

/** Opens the origin's database. */
export function open(): Promise<IDBDatabase> {
  const opening = indexedDB.open('tidewire-outbox', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const opened = asked(opening).then(database => {
    // A later version of this package may want another form.
    database.onversionchange = () => database.close();
    return database;
  });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error('the database does not open')), PATIENCE_MS);
  });
  return Promise.race([opened, late]);
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

/** One page's publications in the database. */
export interface Records {
  /** Resolves when everything is written. */
  readonly settled: Promise<void> | undefined;
  /** Stores what is to be stored, and forgets what has its answer. */
  hear(event: RequestEvent | ClientEvent): void;
}

/**
 * Keeps records: changes are written in order, all together that come while others are. Tells what is written under its
 * name, and also what cannot be: then it is in the database no more.
 */
export function records(
  database: Promise<IDBDatabase>,
  owner: Owner,
  written: (id: number, stored: Stored) => void,
  failed: (cause: unknown) => void,
  ids: Iterable<number> = [],
): Records {
  const kept = new Set(ids);
  /** What is to be stored, or undefined where it is to be forgotten. */
  let changes = new Map<number, Stored | undefined>();
  let writing: Promise<void> | undefined;

  function change(id: number, stored?: Stored): void {
    changes.set(id, stored);
    writing ??= write();
  }

  async function write(): Promise<void> {
    // What happens in the same step belongs together.
    await null;
    while (changes.size) {
      const all = changes;
      changes = new Map();
      try {
        await commit(all);
      } catch (cause) {
        failed(cause);
        // What is there without the name that it is sent with would be published again.
        await commit(new Map([...all.keys()].map(id => [id, undefined]))).catch(() => {});
      }
      for (const [id, stored] of all) if (stored?.name.length) written(id, stored);
    }
    writing = undefined;
  }

  async function commit(all: typeof changes): Promise<void> {
    const isNamed = [...all.values()].some(stored => stored?.name.length);
    // What is sent must be known to have been sent, also after a power failure.
    const durability = isNamed ? 'strict' : 'relaxed';
    const transaction = (await database).transaction(STORE, 'readwrite', { durability });
    const store = transaction.objectStore(STORE);
    for (const [id, stored] of all) {
      const key = [...owner, id];
      if (stored) store.put(stored, key);
      else store.delete(key);
    }
    await new Promise<unknown>((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }

  return {
    get settled() {
      return writing;
    },
    hear(event) {
      if (event.kind === 'store') {
        const { id, channel, payload, name } = event;
        kept.add(id);
        change(id, { channel, payload, name, at: Date.now() });
      } else if ((event.kind === 'published' || event.kind === 'failed') && kept.delete(event.id)) {
        change(event.id);
      }
    },
  };
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

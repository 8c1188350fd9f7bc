import type { MeJson } from "../../../api/schemas/session.ts";
import type { AnswerJson, RouteJson, RoutesJson, SkipReason } from "../../../api/schemas/reading-route.ts";

/** What the phone keeps through reloads and restarts: who reads, his routes, and what is not yet in the books. */

/** `waiting`: to be sent. `stuck`: the service said no, until the reader mends it. `conflict`: kept, and to be known. */
export type KeptEntry = {
  /** Made here, once: the service books it once however often it is sent. */
  readonly id: string;
  /** Whose it is; sent only while he is signed in. */
  readonly owner: string;
  readonly routeId: string;
  readonly meterId: string;
  /** Where, for lists. */
  readonly building: string;
  readonly room: string;
  readonly serial: string;
  readonly unit: string;
  readonly value: string | null;
  readonly skip: SkipReason | null;
  /** By this phone's clock. */
  readonly measuredAt: string;
  readonly note: string;
  readonly photoId: string | null;
  readonly confirmed: boolean;
  readonly state: "waiting" | "stuck" | "conflict";
  readonly answer: Pick<AnswerJson, "outcome" | "reason" | "expected" | "booked"> | null;
};

export type KeptPhoto = {
  readonly id: string;
  readonly owner: string;
  readonly bytes: ArrayBuffer;
  readonly mime: string;
  readonly takenAt: string;
  /** The service's reference, once it has the photo. */
  readonly photo: string | null;
};

type KeptByKey = { me: MeJson; [routes: `routes/${string}`]: RoutesJson; [route: `route/${string}`]: RouteJson };

const NAME = "sanbiao-phone";
const STORES = { entries: "id", photos: "id", kept: undefined } as const;
type StoreName = keyof typeof STORES;

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES))
        request.result.createObjectStore(name, keyPath === undefined ? {} : { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("no IndexedDB"));
  });
  return opened;
}

/** One request in a transaction of its own; resolves when that is on the disk. */
async function inStore<T>(
  name: StoreName,
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const transaction = (await database()).transaction(name, mode, { durability: "strict" });
  const request = work(transaction.objectStore(name));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error ?? new Error("IndexedDB refused"));
  });
}

async function write<T>(name: StoreName, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<void> {
  await inStore(name, "readwrite", work);
}

export const allEntries = (): Promise<KeptEntry[]> =>
  inStore<KeptEntry[]>("entries", "readonly", (store) => store.getAll());
export const putEntry = (entry: KeptEntry) => write("entries", (store) => store.put(entry));
export const dropEntry = (id: string) => write("entries", (store) => store.delete(id));

export const photoOf = (id: string): Promise<KeptPhoto | undefined> =>
  inStore<KeptPhoto | undefined>("photos", "readonly", (store) => store.get(id));
export const putPhoto = (photo: KeptPhoto) => write("photos", (store) => store.put(photo));
export const dropPhoto = (id: string) => write("photos", (store) => store.delete(id));

export const kept = <K extends keyof KeptByKey>(key: K): Promise<KeptByKey[K] | undefined> =>
  inStore<KeptByKey[K] | undefined>("kept", "readonly", (store) => store.get(key));
export const keep = <K extends keyof KeptByKey>(key: K, value: KeptByKey[K]) =>
  write("kept", (store) => store.put(value, key));
/** Who reads, and his routes. Entries stay. */
export const forgetReader = () => write("kept", (store) => store.clear());

/** Random, as everybody's id must differ; also where a page without HTTPS has no `randomUUID`. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const ownerOf = (me: MeJson): string => `${me.operator.code}/${me.login}`;

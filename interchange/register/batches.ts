/** Rows in one statement. Our choice: a statement of a megabyte or two. */
const BATCH = 5_000;

export function* batches<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < all.length; i += BATCH) yield all.slice(i, i + BATCH);
}

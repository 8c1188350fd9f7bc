import { CodedError } from "../domain/errors.ts";

/** A connection that says nothing for so long is as good as away; what it may still write is `already` later. Our choice. */
const STALLED_MS = 15_000;

export const STALLED = new CodedError("database.unavailable", `the database said nothing for ${STALLED_MS} ms`);

/** @throws STALLED when the work is not done in time */
export function unlessStalled<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(STALLED), STALLED_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

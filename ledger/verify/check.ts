/** One thing that must always be true of the books, as the database itself can look it up. */
export type Invariant = {
  /** Stable name, for scripts. */
  readonly name: string;
  /** A sentence that is true while the invariant holds. */
  readonly title: string;
  /** SQL: how many things were looked at. */
  readonly counted: string;
  /** SQL: one row per breach, its only column `example` naming it in words. */
  readonly broken: string;
};

/** What looking gave. */
export type Check = {
  readonly name: string;
  readonly title: string;
  readonly ok: boolean;
  readonly counted: number;
  readonly broken: number;
  /** At most five breaches. */
  readonly examples: readonly string[];
};

/** `'a','b'` for an `in (…)`: names of the code, never a user's text. */
export const textList = (names: Iterable<string>): string => [...names].map((name) => `'${name}'`).join(", ");

import type { AppendOutcome } from "../domain/reading.ts";

/** One row, value or entry of a file that was not taken: where, what and why. */
export type Refused = { readonly line: number; readonly what: string; readonly why: string };

/** What became of a file. `refused` holds the first ones; `counts.refused` counts all. */
export type ImportReport = {
  readonly dryRun: boolean;
  readonly counts: Readonly<Record<AppendOutcome | "refused", number>>;
  readonly refused: readonly Refused[];
  /** The first conflicts: the book holds another value, both are kept. */
  readonly conflicts: readonly Refused[];
};

/** Refusals and conflicts that are listed one by one; a wrong file of a million rows must not fill the memory. */
export const LISTED_MAX = 100_000;

/** Counts as it goes, in bounded memory. */
export class Tally {
  readonly #counts = { accepted: 0, already: 0, conflict: 0, refused: 0 };
  readonly #refused: Refused[] = [];
  readonly #conflicts: Refused[] = [];

  book(outcome: AppendOutcome, line: number, what: string): void {
    this.#counts[outcome]++;
    if (outcome === "conflict" && this.#conflicts.length < LISTED_MAX)
      this.#conflicts.push({
        line,
        what,
        why: "the book holds another value for this register and instant: both are kept for a person",
      });
  }

  refuse(refused: Refused): void {
    this.#counts.refused++;
    if (this.#refused.length < LISTED_MAX) this.#refused.push(refused);
  }

  report(dryRun: boolean): ImportReport {
    const byLine = (a: Refused, b: Refused) => a.line - b.line;
    return {
      dryRun,
      counts: { ...this.#counts },
      refused: this.#refused.toSorted(byLine),
      conflicts: this.#conflicts.toSorted(byLine),
    };
  }
}

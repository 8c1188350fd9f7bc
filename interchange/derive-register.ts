import type { Instant } from "../domain/instant.ts";
import type { Micro } from "../domain/quantity.ts";

/** The use of one interval `[from, to)`, in millionths of the register's unit. */
export type IntervalUse = { readonly from: Instant; readonly to: Instant; readonly use: Micro };

/** What the register showed: the book's values near the interval and those that were derived before it. */
export type RegisterSoFar = {
  /** Value at exactly this instant. */
  at(instant: Instant): Micro | undefined;
  /** The youngest value. */
  readonly last: { readonly at: Instant; readonly value: Micro } | null;
};

/**
 * - `next`: the register goes on from its youngest value; `anchor` is the value at the interval's start where none stands yet,
 *   `gap` the stretch before it that the feed is silent about (the register stands still there: its use is not known);
 * - `within`: both ends stand already; `value` equals the booked one or is a conflict;
 * - `refused`: the register cannot take it without changing what was derived before.
 */
export type Derived =
  | {
      readonly kind: "next";
      readonly value: Micro;
      readonly anchor: Micro | null;
      readonly gap: { readonly from: Instant; readonly to: Instant } | null;
    }
  | { readonly kind: "within"; readonly value: Micro }
  | { readonly kind: "refused"; readonly why: string };

const INT64_MAX = 2n ** 63n - 1n;

/** Uses become values of one register that begins at 0 where the first interval begins, and only ever grows at its end. */
export function derive(interval: IntervalUse, soFar: RegisterSoFar): Derived {
  const { from, to, use } = interval;
  if (use < 0n) return refused("a negative use: a register of use never goes back");
  const { last } = soFar;
  if ((last?.value ?? 0n) + use > INT64_MAX) return refused("the register would be greater than the books can hold");
  if (last === null) return { kind: "next", value: use, anchor: 0n, gap: null };
  if (from >= last.at) {
    const gap = from > last.at ? { from: last.at, to: from } : null;
    return { kind: "next", value: last.value + use, anchor: gap === null ? null : last.value, gap };
  }
  const before = soFar.at(from);
  if (before === undefined || soFar.at(to) === undefined)
    return refused(
      "it lies before the end of what this register holds and does not meet its intervals: import it as a meter of its own",
    );
  return { kind: "within", value: before + use };
}

const refused = (why: string): Derived => ({ kind: "refused", why });

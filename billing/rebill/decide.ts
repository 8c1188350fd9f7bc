import type { AccountId } from "../../domain/reading.ts";
import type { LineDifference } from "../true-up.ts";
import { canonicalText, sha256Of } from "../explain/canonical.ts";
import type { ReplayedBill, ReplayedPoint, UsageDifference } from "./compare.ts";
import type { AccountReplay } from "./replay.ts";

/** What is to be posted for one account, or nothing. */
export type Rebill = {
  readonly accountId: AccountId;
  readonly lines: readonly (LineDifference & { readonly billId: bigint; readonly usagePointId: bigint })[];
  readonly usages: readonly (UsageDifference & { readonly billId: bigint; readonly usagePointId: bigint })[];
  readonly totalMinor: bigint;
  /** Usage points that wait whole: what later bills would be rests on what nobody can tell yet. */
  readonly waits: readonly {
    readonly usagePointId: bigint;
    readonly number: string;
    readonly why: readonly string[];
  }[];
  /** SHA-256 of all this and of the account's last correction: the same difference later is another one. */
  readonly digest: string;
};

/** Netted over every bill that was made again. Pure. */
export function rebillOf({ accountId, bills }: AccountReplay, lastCorrection: bigint | null): Rebill {
  const waits = bills.flatMap(({ number, points }) =>
    points.flatMap((point) => {
      const why = whyNot(point);
      return why === null ? [] : [{ usagePointId: point.usagePointId, number, why }];
    }),
  );
  const waiting = new Set(waits.map(({ usagePointId }) => usagePointId));
  const parts = bills.flatMap((bill) => comparedOf(bill).filter(({ usagePointId }) => !waiting.has(usagePointId)));
  const lines = parts.flatMap(({ billId, usagePointId, differences }) =>
    differences.map((one) => ({ ...one, billId, usagePointId })),
  );
  const usages = parts.flatMap(({ billId, usagePointId, usages: own }) =>
    own.map((one) => ({ ...one, billId, usagePointId })),
  );
  const told = lines.map(({ billId, usagePointId, key, billed, amount, quantity, included }) =>
    [billId, usagePointId, key, billed?.amount ?? null, amount, quantity, included].map(String),
  );
  return {
    accountId,
    lines,
    usages,
    totalMinor: lines.reduce((sum, { amount }) => sum + amount, 0n),
    waits,
    digest: sha256Of(canonicalText({ accountId, after: lastCorrection, told })),
  };
}

/** Where a register stood may have moved without a unit more or less: no reason for a note. */
export const isNothing = ({ lines, usages }: Rebill): boolean =>
  lines.length === 0 && usages.every(({ quantity }) => quantity === 0n);

/** One digest over a whole preview: of what is left to post and of what was posted with it already. Pure. */
export const batchDigest = (accounts: readonly { readonly accountId: AccountId; readonly digest: string }[]): string =>
  sha256Of(
    canonicalText(
      accounts
        .toSorted((a, b) => Number(a.accountId - b.accountId))
        .map(({ accountId, digest }) => [accountId, digest]),
    ),
  );

const comparedOf = ({ billId, points }: ReplayedBill) =>
  points.flatMap((point) => (point.kind === "compared" ? [{ ...point, billId }] : []));

function whyNot(point: ReplayedPoint): readonly string[] | null {
  switch (point.kind) {
    case "compared":
    case "true_up_open": // the next bill settles it, and counts what is posted here
      return null;
    case "in_doubt":
      return point.doubts;
    case "cannot_rate":
      return [point.detail];
  }
}

import type { CorrectionLine } from "../../ledger/corrections.ts";
import type { Rebill } from "./decide.ts";

/** A difference as a note keeps it. Pure. */
export const correctionLineOf = ({
  billId,
  usagePointId,
  key,
  line,
  billed,
  amount,
  quantity,
  included,
}: Rebill["lines"][number]): CorrectionLine => ({
  billId,
  key: `${usagePointId}/${key}`,
  usagePointId,
  utility: line.utility,
  tariffId: line.tariffId,
  tariffVersion: line.tariffVersion,
  charge: line.charge,
  kind: line.kind,
  tier: line.tier ?? null,
  tou: line.tou ?? null,
  from: line.period.from,
  to: line.period.to,
  unit: line.unit ?? null,
  price: line.price ?? null,
  billedMinor: billed?.amount ?? 0n,
  dueMinor: (billed?.amount ?? 0n) + amount,
  quantity: line.quantity === undefined && quantity === 0n ? null : quantity,
  includedMinor: line.included === undefined && included === 0n ? null : included,
  title: line.title,
});

import { expect } from "vitest";
import { postRebill, rebillNow } from "../../billing/rebill/post.ts";
import { runBills } from "../../billing/run.ts";
import { day, periodOfDays } from "../../domain/period.ts";
import { writeEdits } from "../../ledger/edits.ts";
import type { Station } from "../billing/prepaid/station.ts";
import { SmallTown } from "../support/town.ts";

/** Another operator's home whose reading was lowered after it was billed: its bill is corrected. */
export async function correctAHome({ deps, now, owner }: Station): Promise<void> {
  const town = await SmallTown.found(owner, "corrected");
  const account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "power", from: "2026-10-01", serial: "misread" });
  const [from, at] = ["2026-10-01T00:00:00+08:00", "2026-11-01T00:00:00+08:00"];
  await town.readings(meter, "energy_import_kwh", [
    [from, 1000],
    [at, 1300],
  ]);
  const october = periodOfDays(day("2026-10-01"), day("2026-11-01"), "Asia/Shanghai");
  expect((await runBills(deps, town.operatorId, october)).issued).toHaveLength(1);
  const edit = {
    meterId: meter,
    register: "energy_import_kwh",
    at: october.to,
    origin: "clerk",
    says: { kind: "value", value: 1_290_000_000n, source: "manual" },
    reason: "misread",
    key: "misread",
    madeAt: now,
  } as const;
  await deps.db.as(town.operatorId, (trx) => writeEdits(trx, [edit]));
  const scope = { kind: "rebill", from: october.from } as const;
  const request = { operatorId: town.operatorId, accountId: account, scope, reason: "misread", by: null, now };
  const { digest } = await deps.db.as(town.operatorId, (trx) => rebillNow(trx, request, deps));
  expect(await postRebill(deps.db, { ...request, digest }, deps)).toMatchObject({ kind: "posted" });
}

/** What a superuser can do to corrections, and the invariant that names it. */
export const CORRECTION_DEEDS: [title: string, sql: string, named: string][] = [
  ["a correction's total raised", "update correction set total_minor = total_minor + 1", "correction-totals"],
  ["a correction deleted, its entry left", "delete from correction", "correction-totals"],
  ["a correction number skipped", "update correction set number = 'C2026-000009'", "correction-numbers"],
  ["a correction of another account's bill", "update correction set account_id = account_id + 1", "correction-bills"],
  ["corrected use raised", "update correction_usage set quantity = quantity + 1000000", "correction-energy"],
];

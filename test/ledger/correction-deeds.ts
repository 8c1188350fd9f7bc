import { expect } from "vitest";
import { postRebill, rebillNow } from "../../billing/rebill/post.ts";
import { runBills } from "../../billing/run.ts";
import { day, type Period, periodOfDays } from "../../domain/period.ts";
import type { RegisterName } from "../../domain/register.ts";
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
  await correctTo({ deps, now }, town, { account, meter }, october, {
    register: "energy_import_kwh",
    value: 1_290_000_000n,
  });
}

/** A clerk says what a register showed at the end of a billed period, and the bill is corrected. */
export async function correctTo(
  { deps, now }: Pick<Station, "deps" | "now">,
  { operatorId }: SmallTown,
  { account, meter }: { readonly account: bigint; readonly meter: bigint },
  { from, to }: Period,
  { register, value }: { readonly register: RegisterName; readonly value: bigint },
): Promise<void> {
  const edit = {
    meterId: meter,
    register,
    at: to,
    origin: "clerk",
    says: { kind: "value", value, source: "manual" },
    reason: "misread",
    key: "misread",
    madeAt: now,
  } as const;
  await deps.db.as(operatorId, (trx) => writeEdits(trx, [edit]));
  const scope = { kind: "rebill", from } as const;
  const request = { operatorId, accountId: account, scope, reason: "misread", by: null, now };
  const { digest } = await deps.db.as(operatorId, (trx) => rebillNow(trx, request, deps));
  expect(await postRebill(deps.db, { ...request, digest }, deps)).toMatchObject({ kind: "posted" });
}

/** What a superuser can do to corrections, and the invariant that names it. */
export const CORRECTION_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "a correction's total raised",
    "update correction set total_minor = total_minor + 1 where journal_id is not null",
    "correction-totals",
  ],
  ["a correction deleted, its entry left", "delete from correction", "correction-totals"],
  ["a correction number skipped", "update correction set number = 'C2026-000009'", "correction-numbers"],
  ["a correction of another account's bill", "update correction set account_id = account_id + 1", "correction-bills"],
  [
    "other charges of a correction raised",
    "update correction set charges_minor = 1 where journal_id is not null",
    "correction-totals",
  ],
  [
    "what a correction rests on rewritten",
    "update correction_basis set document = document || ' '",
    "correction-bills",
  ],
  ["corrected export raised", "update correction_measure set quantity = quantity + 1000000", "correction-given-back"],
  ["corrected use raised", "update correction_usage set quantity = quantity + 1000000", "correction-energy"],
];

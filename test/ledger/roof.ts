import { expect } from "vitest";
import { runBills } from "../../billing/run.ts";
import type { Period } from "../../domain/period.ts";
import type { Station } from "../billing/prepaid/station.ts";
import { SmallTown } from "../support/town.ts";
import { correctTo } from "./correction-deeds.ts";

/** A third operator's home that gives back more than it takes and carries the rest. */
export async function roofOfAHome(station: Station, november: Period): Promise<void> {
  const town = await SmallTown.found(station.owner, "sunny");
  const account = await town.account("1");
  const { meter } = await town.supply({ account, tariff: "roof", from: "2026-11-01", serial: "roof" });
  const ends = (value: number): [string, number][] => [
    ["2026-11-01T00:00:00+08:00", 0],
    ["2026-12-01T00:00:00+08:00", value],
  ];
  await town.readings(meter, "energy_import_kwh", ends(100));
  await town.readings(meter, "energy_export_kwh", ends(130));
  const power = station.deps.tariffs("power") ?? [];
  const roof = power.map((one) => ({ ...one, id: "roof", netting: { by: "period", surplus: "carry" } as const }));
  const deps = { ...station.deps, tariffs: (id: string) => (id === "roof" ? roof : null) };
  expect((await runBills(deps, town.operatorId, november)).issued).toHaveLength(1);
  const misread = { register: "energy_export_kwh", value: 120_000_000n } as const;
  await correctTo({ deps, now: station.now }, town, { account, meter }, november, misread);
}

/** What would break the books of energy given back and of carried states, and the invariant that finds it. */
export const ROOF_DEEDS: [title: string, sql: string, named: string][] = [
  [
    "energy given back beside no billed usage",
    "insert into billed_measure (operator_id, bill_id, usage_point_id, period_from, period_to, kind, quantity, unit, basis, registers) select operator_id, bill_id, usage_point_id, period_from, period_to + interval '1 day', 'reactive', 5, 'kvarh', 'actual', '[]' from billed_usage limit 1",
    "energy-given-back",
  ],
  [
    "a state that no bill handed on",
    "insert into rating_state (operator_id, bill_id, usage_point_id, account_id, tariff_id, period_from, period_to, before, after) select u.operator_id, u.bill_id, u.usage_point_id, b.account_id, 't', p.a, p.b, p.before::jsonb, '{}' from billed_usage u join bill b on b.operator_id = u.operator_id and b.id = u.bill_id cross join (values (timestamptz '2026-01-01', timestamptz '2026-02-01', '{}'), ('2026-02-01', '2026-03-01', '{\"netTotal\": \"7\"}')) as p (a, b, before) where u.bill_id = (select min(id) from bill)",
    "rating-states",
  ],
];

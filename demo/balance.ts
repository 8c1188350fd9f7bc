import type { PoolClient } from "pg";
import type { Instant } from "../domain/instant.ts";
import { isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import { hash32 } from "../simulators/town/random.ts";
import type { PlannedOperator } from "./plan.ts";

/** Square metres of a flat, as new blocks in Zhejiang have them. Invented. */
const AREA_LEAST = 58;
const AREA_SPREAD = 80;

/** Technical loss that is not asked about, percent. Ours for the demo: the town loses 2 %. */
const ALLOWANCE = { electricity: "2", water: "2", gas: "2", heat: "2" } as const;

/**
 * Floor areas, and how each building shares what its master counted beyond its flats: one by area, one by persons, one by use.
 * The light of the stairs has no meter of its own here, so that it stands in the residue; the flats bear that, the operator the loss.
 */
export async function putBalanceRules(
  client: PoolClient,
  operatorId: OperatorId,
  operator: PlannedOperator,
  { seed, since, at }: { readonly seed: number; readonly since: string; readonly at: Instant },
): Promise<void> {
  const areas = operator.accounts.map(({ number }, i) => ({
    number,
    area: (AREA_LEAST + (hash32(seed, i, 60) % (AREA_SPREAD * 10)) / 10).toFixed(1),
  }));
  await client.query(
    `insert into floor_area (operator_id, account_id, from_day, area_m2, noted_at)
       select $1, a.id, $3, p.area, $4 from jsonb_to_recordset($2) as p (number text, area numeric)
         join account a on a.operator_id = $1 and a.number = p.number`,
    [operatorId, JSON.stringify(areas), since, isoOf(at)],
  );
  const keys = ["household", "area", "usage"]; // building 1 by area, 2 by use, 3 by persons
  await client.query(
    `insert into apportionment_rule (operator_id, master_point_id, from_day, apportion_key, loss_allowance_percent, apportioned, noted_at)
       select $1, p.id, $2, case when p.building = '' then 'equal' else ($3::text[])[1 + p.building::int % 3] end,
              ($4::jsonb ->> p.utility)::numeric, case when p.building = '' then '{}'::text[] else '{common,residue}'::text[] end, $5
         from usage_point p where p.operator_id = $1 and p.role = 'master' order by p.id`,
    [operatorId, since, keys, JSON.stringify(ALLOWANCE), isoOf(at)],
  );
}

import type { Pool } from "pg";
import { SmallTown } from "./town.ts";

/** An estate of so many flats, each with 200 kWh in March 2025, read at both its ends and not billed yet. */
export async function foundMarch(owner: Pool, accounts: number): Promise<SmallTown> {
  const town = await SmallTown.found(owner, "estate");
  await owner.query("select ensure_reading_months('2025-02-28T16:00Z', '2025-03-31T16:00Z')");
  for (let i = 0; i < accounts; i++) {
    const account = await town.account(`${i}`, "postpaid", "2025-03-01");
    await town.supply({ account, tariff: "zhejiang.electricity.residential", from: "2025-03-01" });
  }
  await owner.query(
    `insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source)
     select operator_id, id, 1, at, at, value, 1 from meter
      cross join (values ('2025-03-01T00:00+08'::timestamptz, 0), ('2025-04-01T00:00+08', 200000000)) as r (at, value)`,
  );
  return town;
}

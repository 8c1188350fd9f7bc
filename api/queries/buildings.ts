import type { Desk } from "../desk.ts";

/** More than a filter can show. */
const BUILDINGS_MAX = 1000;

/** Names of the operator's buildings, for a filter. */
export async function buildings(desk: Desk): Promise<string[]> {
  const rows = await desk.trx
    .selectFrom("usage_point")
    .select("building")
    .distinct()
    .where("operator_id", "=", desk.operatorId)
    .orderBy("building")
    .limit(BUILDINGS_MAX)
    .execute();
  return rows.map((row) => row.building);
}

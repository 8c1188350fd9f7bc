import { sql } from "kysely";
import type { AccountId, MeterId, OperatorId } from "../../domain/reading.ts";
import type { Database } from "../../schema/database.ts";

/** Which meters matter to which prepaid account: the one with the relay, and those at its usage points. */
export type PrepaidDirectory = {
  readonly accounts: readonly { readonly operatorId: OperatorId; readonly accountId: AccountId }[];
  accountOf(operatorId: OperatorId, meterId: MeterId): AccountId | null;
};

export async function readDirectory(db: Database): Promise<PrepaidDirectory> {
  const operators = await db.pool.query<{ operator_id: bigint }>("select operator_id from sanbiao.operators()");
  const accounts: { operatorId: OperatorId; accountId: AccountId }[] = [];
  const byMeter = new Map<string, AccountId>();
  for (const { operator_id: operatorId } of operators.rows) {
    const { rows } = await db.as(operatorId, (trx) =>
      sql<{ account_id: bigint; meter_id: bigint }>`
        with live as (
          select s.* from sanbiao.supply s join sanbiao.account a on a.operator_id = s.operator_id and a.id = s.account_id
           where s.operator_id = sanbiao.operator_id() and a.closed_on is null)
        select s.account_id, s.meter_id from live s
        union
        select s.account_id, i.meter_id from live s
          join sanbiao.agreement g on g.operator_id = s.operator_id and g.account_id = s.account_id
          join sanbiao.installation i on i.operator_id = g.operator_id and i.usage_point_id = g.usage_point_id and i.removed_at is null`.execute(
        trx,
      ),
    );
    for (const row of rows) byMeter.set(`${operatorId}/${row.meter_id}`, row.account_id);
    for (const accountId of new Set(rows.map((row) => row.account_id))) accounts.push({ operatorId, accountId });
  }
  return { accounts, accountOf: (operatorId, meterId) => byMeter.get(`${operatorId}/${meterId}`) ?? null };
}

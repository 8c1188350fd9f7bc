import type { PoolClient } from "pg";
import { isoOf, type Instant } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";

/** Every account of the demo is reached in the sandbox, which stands in for telephones: no message leaves the machine. */
export async function putContacts(
  client: PoolClient,
  operatorId: OperatorId,
  { since, at }: { readonly since: string; readonly at: Instant },
): Promise<void> {
  await client.query(
    `insert into contact_point (operator_id, account_id, channel, address, language, from_day, active, verified, bills, consent, noted_at)
       select $1, a.id, 'sandbox', a.number, 'zh', $2, true, true, false, 'demo', $3 from account a
        where a.operator_id = $1
          and not exists (select from contact_point c where c.operator_id = a.operator_id and c.account_id = a.id)`,
    [operatorId, since, isoOf(at)],
  );
}

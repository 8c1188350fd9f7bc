import type { PoolClient } from "pg";
import type { Instant } from "../domain/instant.ts";
import { isoOf } from "../domain/instant.ts";
import type { OperatorId } from "../domain/reading.ts";
import type { PlannedOperator } from "./plan.ts";

/** Every third flat has a lot, every ninth two. Invented. */
const lotsOf = (i: number): number => (i % 9 === 0 ? 2 : i % 3 === 0 ? 1 : 0);

/** Property fee by floor area for every flat, and parking for some. Prices are invented for the demo. */
export async function putCharges(
  client: PoolClient,
  operatorId: OperatorId,
  { accounts }: PlannedOperator,
  { since, at }: { readonly since: string; readonly at: Instant },
): Promise<void> {
  await client.query(
    `insert into recurring_charge (operator_id, code, title_zh, title_en, basis, income, noted_at) values
       ($1, 'property-fee', '物业服务费', 'Property fee', 'area', 'revenue_property', $2),
       ($1, 'parking', '车位服务费', 'Parking lot', 'lot', 'revenue_parking', $2)`,
    [operatorId, isoOf(at)],
  );
  await client.query(
    `insert into charge_price (operator_id, code, from_day, price, tax_rate, source, noted_at) values
       ($1, 'property-fee', $2, 2.10, 0.06, 'invented for the demo', $3), ($1, 'parking', $2, 120, 0.06, 'invented for the demo', $3)`,
    [operatorId, since, isoOf(at)],
  );
  const borne = accounts.flatMap(({ number }, i) => [
    { number, code: "property-fee", quantity: 1 },
    ...(lotsOf(i) === 0 ? [] : [{ number, code: "parking", quantity: lotsOf(i) }]),
  ]);
  await client.query(
    `insert into charge_assignment (operator_id, account_id, code, from_day, quantity, noted_at)
       select $1, a.id, p.code, $3, p.quantity, $4 from jsonb_to_recordset($2) as p (number text, code text, quantity numeric)
         join account a on a.operator_id = $1 and a.number = p.number`,
    [operatorId, JSON.stringify(borne), since, isoOf(at)],
  );
}

import { sql } from "kysely";
import type { SupplyEvent } from "../../billing/prepaid/engine.ts";
import type { Instant } from "../../domain/instant.ts";
import { type Currency, money, moneyJson } from "../../domain/money.ts";
import type { AccountId, OperatorId } from "../../domain/reading.ts";
import type { Database } from "../../schema/database.ts";
import type { LiveEvent } from "../schemas/event.ts";
import type { TellerDeps, TextOf } from "./teller.ts";

type Supply = Extract<LiveEvent, { kind: "supply" }>;
type Control = Extract<LiveEvent, { kind: "control" }>;
type Seen = { readonly supplies: ReadonlyMap<AccountId, Partial<Supply>>; readonly controls: readonly ControlRow[] };

/** Orders of one account that one change may touch: a cut that is withdrawn and the reconnection that follows. */
const CONTROLS_LOOKED_AT = 3;
const CONTROLS_REMEMBERED = 20_000;

/** What comes while the books are looked at is told by the next look: one look for all of it. */
export function supplyTeller({ live, db, clock, log }: TellerDeps, at: TextOf) {
  const startedAt = clock.now();
  const controlTold = new Map<string, Control["state"]>();
  let waiting: SupplyEvent[] = [];
  let looking: Promise<void> | null = null;

  async function lookAll(): Promise<void> {
    while (waiting.length > 0) {
      const events = waiting;
      waiting = [];
      for (const [operatorId, own] of Map.groupBy(events, (event) => event.operatorId)) {
        try {
          tellOperator(operatorId, own, await look(db, operatorId, [...new Set(own.map((event) => event.accountId))]));
        } catch (error) {
          log.warn({ err: error }, "a supply could not be read for the live stream");
          live.publish(operatorId, { kind: "overview", at: at(operatorId, clock.now()) });
        }
      }
    }
    looking = null;
  }

  function tellOperator(operatorId: OperatorId, events: readonly SupplyEvent[], seen: Seen): void {
    for (const event of events) {
      const supply = seen.supplies.get(event.accountId);
      if (supply === undefined) continue; // no prepaid account
      const { accountId, kind } = event;
      live.publish(operatorId, {
        ...supply,
        kind: "supply",
        at: at(operatorId, event.at),
        accountId: String(accountId),
        event: kind,
      });
    }
    for (const row of seen.controls ?? [])
      if (isNews(row)) live.publish(operatorId, controlEvent(row, at(operatorId, clock.now())));
    live.publish(operatorId, { kind: "overview", at: at(operatorId, clock.now()) });
  }

  function isNews({ id, state, closed_at }: ControlRow): boolean {
    const key = String(id);
    if (controlTold.get(key) === state || (closed_at !== null && closed_at < startedAt)) return false;
    if (controlTold.size >= CONTROLS_REMEMBERED) controlTold.clear(); // told once more is told right
    controlTold.set(key, state);
    return true;
  }

  return {
    tell(event: SupplyEvent): void {
      waiting.push(event);
      looking ??= lookAll();
    },
    idle: async () => {
      await looking;
    },
  };
}

type SupplyRow = {
  account_id: bigint;
  meter_id: bigint;
  state: NonNullable<Supply["state"]>;
  reported: NonNullable<Supply["reported"]>;
  available_minor: bigint | null;
  currency: Currency;
};
type ControlRow = {
  id: bigint;
  meter_id: bigint;
  account_id: bigint;
  action: Control["action"];
  state: Control["state"];
  closed_at: Instant | null;
};

const look = (db: Database, operatorId: OperatorId, accountIds: readonly AccountId[]): Promise<Seen> =>
  db.as(operatorId, async (trx) => {
    const ids = `{${accountIds.join(",")}}`;
    const supplies = await sql<SupplyRow>`
      select s.account_id, s.meter_id, s.state, s.reported, s.available_minor, o.currency
        from supply s join operator o on o.operator_id = s.operator_id
       where s.operator_id = ${operatorId} and s.account_id = any(${ids}::bigint[])`.execute(trx);
    const controls = await sql<ControlRow>`
      select c.* from unnest(${ids}::bigint[]) as u (account_id)
       cross join lateral (select id, meter_id, account_id, action, state, closed_at from control
         where operator_id = ${operatorId} and account_id = u.account_id order by id desc limit ${CONTROLS_LOOKED_AT}) c
       order by c.id`.execute(trx);
    return {
      supplies: new Map(supplies.rows.map((row) => [row.account_id, supplyFields(row)])),
      controls: controls.rows,
    };
  });

const supplyFields = (row: SupplyRow): Partial<Supply> => ({
  meterId: String(row.meter_id),
  state: row.state,
  reported: row.reported,
  ...(row.available_minor === null ? {} : { available: moneyJson(money(row.currency, row.available_minor)) }),
});

const controlEvent = (row: ControlRow, at: string): Control => ({
  kind: "control",
  at,
  controlId: String(row.id),
  meterId: String(row.meter_id),
  accountId: String(row.account_id),
  action: row.action,
  state: row.state,
});

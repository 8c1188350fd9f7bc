import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atDesk } from "../../api/desk.ts";
import { findAccounts } from "../../api/queries/accounts.ts";
import { instant } from "../../domain/instant.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

let fresh: FreshDatabase;
const ACCOUNTS = 1_500;

/** A station of homes whose names, flats and meters have much in common. */
beforeAll(async () => {
  fresh = await freshDatabase();
  const owner = ownerPool(fresh.ownerUrl);
  for (const statement of [
    "insert into operator (code, kind, name_zh, name_en) values ('s', 'supply_station', '站', 'Station')",
    `insert into account (operator_id, number, name, phone, payment_mode, opened_on, closed_on)
     select 1, 'S' || lpad((n * 7 % 10007)::text, 5, '0'), substr('王李张刘陈', 1 + n % 5, 1) || substr('伟芳娜敏静丽强', 1 + n % 7, 1),
            '138' || lpad((n * 69997 % 99999999)::text, 8, '0'), 'prepaid', '2026-01-01', case when n % 31 = 0 then date '2026-05-01' end
       from generate_series(1, ${ACCOUNTS}) n`,
    `insert into usage_point (operator_id, utility, building, room)
     select 1, 'electricity', (1 + n / 50)::text, (101 + n % 50)::text from generate_series(1, ${ACCOUNTS}) n`,
    `insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day)
     select 1, n, n, 'demo', '2026-01-01' from generate_series(1, ${ACCOUNTS}) n`,
    `insert into meter (operator_id, serial, utility, profile_id)
     select 1, '33' || lpad((n * 7919 % 1000000)::text, 6, '0'), 'electricity', 'demo' from generate_series(1, ${ACCOUNTS}) n`,
    `insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour)
     select 1, n, n, '2026-01-01', 20 from generate_series(1, ${ACCOUNTS}) n`,
    "analyze",
  ])
    await owner.query(statement);
  await owner.end();
});
afterAll(() => fresh.drop());

const LIMIT = 9;
/** As the page answers, and as the whole search in the database does. */
async function both(text: string): Promise<[string[], string[]]> {
  const of = { operatorId: 1n, zone: "Asia/Shanghai", currency: "CNY", now: instant(0) } as const;
  return atDesk(fresh.db, of, async (desk) => {
    const { items, more } = await findAccounts(desk, { text, limit: LIMIT });
    const { rows } = await sql<{ number: string }>`
      select a.number from find_accounts(${`{${text.trim().split(/\s+/).join(",")}}`}::text[], ${LIMIT + 1}) f
        join account a on a.operator_id = 1 and a.id = f.account_id order by f.place`.execute(desk.trx);
    expect(more).toBe(rows.length > LIMIT);
    return [items.map(({ number }) => number), rows.slice(0, LIMIT).map(({ number }) => number)];
  });
}

test.each([
  ["a name and a building", "王 12-", LIMIT],
  ["a building and a name", "12- 芳", null],
  ["a name and a flat", "李 12-1", LIMIT],
  ["words that few have", "王 12-109", null],
  ["a name and the end of a meter's number", "陈 7919", null],
  ["parts of a name", "王 芳", LIMIT],
  ["three words", "王 芳 1-", null],
  ["a word that nobody has", "王 欧阳", 0],
  ["one word", "王芳", LIMIT],
])("%s are found in the order of the whole search", async (_what, text, found) => {
  const [page, whole] = await both(text);
  expect(page).toEqual(whole);
  if (found !== null) expect(page).toHaveLength(found);
});

import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";
import { bring, wrong } from "./register-support.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let estates = 0;
beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

/** An empty estate. */
async function estate(): Promise<void> {
  town = await SmallTown.found(owner, `estate-${++estates}`);
}
const take = (file: string, how: Parameters<typeof bring>[3] = {}) => bring(fresh.db, town.operatorId, file, how);

describe("tax identities in a file", () => {
  const head = "number,name,opened_on,发票抬头,税号,开户行,银行账号\n";
  const identities = async () =>
    (
      await owner.query(
        `select a.number, w.from_day, w.name, w.tax_id, w.country, w.bank_account from tax_identity w join account a on a.id = w.account_id
          where w.operator_id = $1 order by w.id`,
        [town.operatorId],
      )
    ).rows;

  test("come with new accounts from their first day, with changed ones from today on, and not at all where nothing is said", async () => {
    await estate();
    const rows =
      "1,张三,2026-03-01,,,,\n2,店,2026-03-01,示例商店,91350100m000100y43,示例银行,6222 00\n3,Shop,2026-03-01,,DE 123456789,,\n";
    expect(await take(head + rows)).toMatchObject({ outcome: "applied" });
    const known = [
      {
        number: "2",
        from_day: "2026-03-01",
        name: "示例商店",
        tax_id: "91350100M000100Y43",
        country: "CN",
        bank_account: "622200",
      },
      { number: "3", from_day: "2026-03-01", name: "Shop", tax_id: "DE123456789", country: "DE", bank_account: "" },
    ];
    expect(await identities()).toEqual(known);
    await take(head + rows);
    expect(await identities()).toEqual(known);
    const moved = head + "2,店,2026-03-01,,,新银行,\n";
    expect(wrong(await take(moved))).toEqual(["2 bank_name differs_update"]);
    expect(await take(moved, { update: true })).toMatchObject({ outcome: "applied" });
    const [, , changed] = await identities();
    expect(changed).toEqual({ ...known[0], from_day: "2026-06-15" });
  });

  test("are refused where the number is none of its country, or does not fit its check digit", async () => {
    await estate();
    const rows = "1,a,2026-03-01,,91350100M000100Y34,,\n2,b,2026-03-01,,DE12345678,,\n3,c,2026-03-01,,123,,\n";
    expect(wrong(await take(head + rows))).toEqual([
      "2 tax_id tax_check",
      "3 tax_id not_tax_id",
      "4 tax_id not_tax_id",
    ]);
  });
});

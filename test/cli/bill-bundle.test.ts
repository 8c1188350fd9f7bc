import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyBillCommand } from "../../cli/verify-bill.ts";
import { checkBundle } from "../../billing/explain/check-bundle.ts";
import type { BillBundle } from "../../billing/explain/bundle.ts";
import { readBundle } from "../../billing/explain/read-bundle.ts";
import type { SmallTown } from "../support/town.ts";
import { sanbiao, sanbiaoHere } from "../support/command.ts";
import { iso, Lives, on } from "../billing/lives.ts";

let lives: Lives;
let town: SmallTown;
let folder: string;
let meter: bigint;
const texts = new Map<string, string>();
let numbers: string[] = [];

/** Three months of a home: read, estimated, trued up; the ladder's second and third tier are reached. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sanbiao-bundle-"));
  lives = await Lives.open();
  town = await lives.town();
  const account = await town.account("7", "postpaid", "2025-10-01");
  ({ meter } = await town.supply({ account, tariff: "ladder", from: "2025-10-01" }));
  const hours = await town.account("8", "postpaid", "2025-10-01");
  const other = await town.supply({ account: hours, tariff: "by-hours", from: "2025-10-01" });
  await town.readings(
    other.meter,
    "energy_import_kwh",
    Array.from({ length: 400 }, (_, i) => [iso((on("2025-10-01") + i * 7_200_000) as never), 10 + i * 0.1] as const),
  );
  await town.readings(meter, "energy_import_kwh", [
    [iso(on("2025-10-01")), 1000],
    [iso(on("2025-10-16")), 1030],
    [iso(on("2025-11-01")), 1162],
  ]);
  await lives.run(town, "2025-10");
  await lives.run(town, "2025-11");
  await town.readings(meter, "energy_import_kwh", [[iso(on("2026-01-01")), 1300]]);
  await lives.run(town, "2025-12");
  await lives.fresh.db.as(town.operatorId, async (trx) => {
    const bills = await trx.selectFrom("bill").select("number").orderBy("id").execute();
    numbers = bills.map(({ number }) => number);
    for (const number of numbers) {
      const bundle = await readBundle(trx, number, lives.deps, on("2026-02-01"));
      texts.set(number, JSON.stringify(bundle));
    }
  });
});
afterAll(async () => {
  await lives.close();
  await rm(folder, { recursive: true });
});

const textOf = (number: string | undefined): string => texts.get(number ?? "") ?? "";
const trueUp = () => textOf(numbers.find((number) => textOf(number).includes("/true-up")));
const edited = (text: string, change: (bundle: BillBundle) => unknown): string => {
  const bundle = JSON.parse(text) as BillBundle;
  change(bundle);
  return JSON.stringify(bundle);
};

test("every bill is made again from its bundle alone: read, estimated, trued up and by hours", () => {
  expect(numbers.length).toBeGreaterThanOrEqual(4);
  for (const number of numbers) expect(checkBundle(textOf(number))).toMatchObject({ ok: true, differences: [] });
  expect(JSON.parse(trueUp())).toMatchObject({ inputsAre: "issued" });
});

describe("a bundle of which something was changed says what, and the first figure that differs", () => {
  const set = (object: object, path: string, value: unknown) => {
    const names = path.split(".");
    const last = names.pop() ?? "";
    let at = object as Record<string, unknown>;
    for (const name of names) at = at[name] as Record<string, unknown>;
    expect(at[last]).toBeDefined();
    at[last] = value;
  };
  test.each<[string, (bundle: BillBundle) => unknown, object, string[]]>([
    [
      "a reading",
      (bundle) => set(bundle, "readings.0.values.2.1", "1172"),
      { where: "line 2", field: "quantity", expected: "72", found: "62" },
      ["readings"],
    ],
    [
      "a price",
      (bundle) => set(bundle, "tariffs.0.document.charges.0.tiers.1.price", "2.5"),
      { where: "line 2", field: "price", expected: "2.5", found: "2" },
      ["tariff ladder 1"],
    ],
    [
      "a line's amount",
      (bundle) => set(bundle, "lines.1.amount", "1.00"),
      { where: "line 2", field: "amount", expected: "124.00", found: "1.00" },
      ["contents"],
    ],
    [
      "the total",
      (bundle) => set(bundle, "bill.total", "1.00"),
      { where: "total", field: "total", found: "1.00" },
      ["contents"],
    ],
    [
      "a posting",
      (bundle) => set(bundle, "postings.0.amount", "1.00"),
      { where: "posting 1", field: "amount" },
      ["contents"],
    ],
    [
      "a line taken out",
      (bundle) => (bundle.lines as unknown[]).shift(),
      { where: "line 1", found: "missing" },
      ["contents"],
    ],
    [
      "the part of the month that is billed",
      (bundle) => set(bundle, "inputs.settlements.0.of.stretch.to", on("2025-10-20")),
      { where: "line 1", field: "quantity" },
      ["inputs"],
    ],
    ["a hash", (bundle) => set(bundle, "hashes.inputs", "0".repeat(64)), {}, ["inputs"]],
    ["a note beside the figures", (bundle) => set(bundle, "account.name", "x"), {}, ["contents"]],
  ])("%s", (_title, change, difference, parts) => {
    const check = checkBundle(edited(textOf(numbers[0]), change));
    if (check.kind !== "checked") throw new Error(check.reason);
    expect(check.ok).toBe(false);
    const [first] = check.differences;
    if (Object.keys(difference).length > 0) expect(first).toMatchObject(difference);
    else expect(first).toBeUndefined();
    for (const part of parts) expect(check.changed.map((one) => one.part).join(" ")).toContain(part);
  });
});

test.each([
  ["cut off", (text: string) => text.slice(0, text.length / 2), "cut off"],
  ["of another version", (text: string) => text.replace("sanbiao.bill/1", "sanbiao.bill/9"), "sanbiao.bill/9"],
  ["not JSON", () => "<html>}", "not JSON"],
  ["without its readings", (text: string) => edited(text, (b) => Reflect.deleteProperty(b, "readings")), "readings"],
])("a file that is %s is no bundle, and says so", (_title, change, said) => {
  const check = checkBundle(change(textOf(numbers[0])));
  expect(check).toMatchObject({ kind: "unreadable" });
  expect(JSON.stringify(check)).toContain(said);
});

test("a bundle is made again after readings, tariff and household have changed", async () => {
  await town.readings(meter, "energy_import_kwh", [[iso(on("2025-10-20")), 1150]]);
  await lives.owner.query("update installation set capacity_per_hour = 77 where operator_id = $1", [town.operatorId]);
  const [number = ""] = numbers;
  const bundle = await lives.fresh.db.as(town.operatorId, (trx) =>
    readBundle(trx, number, { ...lives.deps, tariffs: () => null }, on("2026-02-01")),
  );
  expect(JSON.stringify(bundle)).toBe(textOf(number));
});

test("a bill from before inputs were kept is explained by what the books hold today, and says so", async () => {
  await lives.owner.query("alter table bill_basis disable trigger all");
  await lives.owner.query("delete from bill_basis where bill_id = (select min(bill_id) from bill_basis)");
  await lives.owner.query("alter table bill_basis enable trigger all");
  const bundle = await lives.fresh.db.as(town.operatorId, (trx) =>
    readBundle(trx, numbers[0] ?? "", lives.deps, on("2026-02-01")),
  );
  expect(checkBundle(JSON.stringify(bundle))).toMatchObject({ inputsAre: "rebuilt", ok: true });
});

describe("the command line", () => {
  test("writes a bundle and checks it without a database: 0, 1 and 2", async () => {
    const file = join(folder, "bill.json");
    const env = { DATABASE_URL: lives.fresh.url };
    const wrote = await sanbiao(["export", "bill", numbers[1] ?? "", "--out", file, "--json"], { env });
    expect(wrote.code, wrote.err).toBe(0);
    expect(JSON.parse(wrote.out)).toMatchObject({ file, bill: numbers[1] });
    const offline = { env: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" } };
    const good = await sanbiaoHere(["verify", "bill", file, "--json"], offline);
    expect([good.code, (JSON.parse(good.out) as { ok: boolean }).ok]).toEqual([0, true]);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/"amount": "[\d.]+"/, '"amount": "0.01"'));
    const bad = await inProcess([file]);
    expect(bad.code).toBe(1);
    expect(bad.text).toContain("differs, first at line 1");
    expect(bad.text).toContain("the figure itself was changed");
    await writeFile(file, text.slice(0, 500));
    expect((await inProcess([file])).code).toBe(2);
    expect((await inProcess([join(folder, "none.json")])).code).toBe(2);
    expect((await sanbiao(["export", "bill", "1999-000001"], { env })).err).toContain("There is no bill 1999-000001");
  });
});

async function inProcess(words: string[]): Promise<{ code: number; text: string }> {
  const told: string[] = [];
  let code = 0;
  const io = {
    out: (text: string) => void told.push(text),
    err: (text: string) => void told.push(text),
    stdin: () => Promise.resolve(new Uint8Array()),
    exit: (status: number) => {
      code = status;
    },
  };
  await verifyBillCommand(io).parseAsync(words, { from: "user" });
  return { code, text: told.join("\n") };
}

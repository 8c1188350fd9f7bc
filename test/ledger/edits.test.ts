import type { Pool } from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Instant, instantOfIso, isoOf } from "../../domain/instant.ts";
import { decimalText, microOf } from "../../domain/quantity.ts";
import type { EditSays } from "../../domain/reading-edit.ts";
import { readDecisions, writeDecisions } from "../../ledger/decisions.ts";
import { type EditToWrite, readEdits, writeEdits } from "../../ledger/edits.ts";
import { type BookedReading, readEditBook, readingsAround, readingsWithin } from "../../ledger/usage.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";
import { SmallTown } from "../support/town.ts";

let fresh: FreshDatabase;
let owner: Pool;
let town: SmallTown;
let meter: bigint;
let keys = 0;

const at = (text: string): Instant => instantOfIso(`2026-${text}T00:00:00+08:00`) ?? (0 as Instant);
const register = "energy_import_kwh" as const;
const value = (kwh: number): EditSays => ({ kind: "value", value: microOf(`${kwh}`) ?? 0n, source: "manual" });
const estimate = (kwh: number): EditSays => ({
  kind: "value",
  value: microOf(`${kwh}`) ?? 0n,
  source: "estimate",
  method: "linear",
  basis: { from: "100", to: "120" },
});
const edit = (day: string, says: EditSays, more: Partial<EditToWrite> = {}): EditToWrite => ({
  meterId: meter,
  register,
  at: at(day),
  origin: says.kind === "value" && says.source === "estimate" ? "estimate" : "clerk",
  says,
  reason: "for the test",
  key: `edit-${keys++}`,
  madeAt: at("11-01"),
  ...more,
});
const write = (...edits: EditToWrite[]) => fresh.db.as(town.operatorId, (trx) => writeEdits(trx, edits));
const told = (readings: readonly BookedReading[]) =>
  [...readings]
    .sort((a, b) => a.at - b.at)
    .map(
      (r) => `${isoOf((r.at + 8 * 3_600_000) as Instant).slice(5, 10)} ${decimalText(r.value)} ${r.method ?? r.source}`,
    );
const within = (from: string, to: string) =>
  fresh.db.as(town.operatorId, async (trx) => {
    const wanted = [{ meterId: meter, register }];
    const edits = await readEditBook(trx, wanted);
    return told(await readingsWithin(trx, wanted, { from: at(from), to: at(to) }, edits));
  });
const around = (day: string) =>
  fresh.db.as(town.operatorId, async (trx) => {
    const edge = { meterId: meter, register, at: at(day) };
    return told(await readingsAround(trx, [edge], await readEditBook(trx, [edge])));
  });

beforeAll(async () => {
  fresh = await freshDatabase();
  owner = ownerPool(fresh.ownerUrl);
});
beforeEach(async () => {
  town = await SmallTown.found(owner, `town-${keys++}`);
  meter = await town.meter("m1");
  await town.readings(meter, register, [
    ["2026-10-01T00:00:00+08:00", 100],
    ["2026-10-02T00:00:00+08:00", 110],
    ["2026-10-03T00:00:00+08:00", 7],
    ["2026-10-04T00:00:00+08:00", 130],
  ]);
});
afterAll(async () => {
  await owner.end();
  await fresh.drop();
});

describe("validated readings", () => {
  test("are the book's where nobody said anything", async () => {
    expect(await within("10-02", "10-04")).toEqual(["10-02 110 modbus", "10-03 7 modbus", "10-04 130 modbus"]);
    expect(await around("10-03")).toEqual(["10-03 7 modbus", "10-03 7 modbus"]);
  });

  test("leave out what a clerk excluded, also at the edge of a period", async () => {
    await write(edit("10-03", { kind: "exclude" }));
    expect(await within("10-02", "10-04")).toEqual(["10-02 110 modbus", "10-04 130 modbus"]);
    expect(await around("10-03")).toEqual(["10-02 110 modbus", "10-04 130 modbus"]);
  });

  test("show a clerk's value in the place of the book's and where the book has none", async () => {
    await write(edit("10-03", value(120)), edit("10-05", value(140)));
    expect(await within("10-03", "10-06")).toEqual(["10-03 120 manual", "10-04 130 modbus", "10-05 140 manual"]);
    expect(await around("10-05")).toEqual(["10-05 140 manual", "10-05 140 manual"]);
  });

  test("are the book's again after a restore, and the other layer's after that of one", async () => {
    await write(edit("10-03", value(120)), edit("10-03", estimate(119)), edit("10-03", { kind: "restore" }));
    expect(await within("10-03", "10-03")).toEqual(["10-03 7 modbus"]);
    await write(edit("10-03", { kind: "exclude" }));
    expect(await within("10-03", "10-03")).toEqual(["10-03 119 linear"]);
    await write(edit("10-03", { kind: "restore" }, { origin: "estimate" }));
    expect(await within("10-03", "10-03")).toEqual([]);
  });

  test("let a reading that comes late win over the estimate of its instant", async () => {
    await write(edit("10-08", estimate(170)));
    expect(await around("10-08")).toEqual(["10-08 170 linear", "10-08 170 linear"]);
    await town.readings(meter, register, [["2026-10-08T00:00:00+08:00", 165]]);
    expect(await around("10-08")).toEqual(["10-08 165 modbus", "10-08 165 modbus"]);
    expect(await within("10-05", "10-09")).toEqual(["10-08 165 modbus"]);
  });

  test("of another meter and another operator are untouched", async () => {
    await write(edit("10-03", { kind: "exclude" }));
    const other = await SmallTown.found(owner, `town-${keys++}`);
    expect(await fresh.db.as(other.operatorId, (trx) => readEdits(trx, [meter]))).toEqual([]);
  });
});

describe("an entry", () => {
  test("is written once for its key, and another content under that key is told", async () => {
    const first = edit("10-03", value(120));
    expect((await write(first)).map(({ kind }) => kind)).toEqual(["written"]);
    expect((await write(first, { ...first, says: value(121) })).map(({ kind }) => kind)).toEqual([
      "already",
      "different",
    ]);
    expect(await within("10-03", "10-03")).toEqual(["10-03 120 manual"]);
  });

  test("is never changed or deleted, not by its owner either", async () => {
    await write(edit("10-03", value(120)));
    await expect(owner.query("update reading_edit set value = 1")).rejects.toThrow(/append-only/);
    await expect(owner.query("delete from reading_edit")).rejects.toThrow(/append-only/);
  });

  test("of an unknown meter is refused", async () => {
    await expect(write(edit("10-03", value(1), { meterId: 999_999n }))).rejects.toThrow(/foreign key/);
  });
});

test("of decisions about a stretch the newest stands, and reopening takes it back", async () => {
  const decide = (decision: "accept" | "rollover" | "reopen") =>
    fresh.db.as(town.operatorId, (trx) =>
      writeDecisions(trx, [
        {
          meterId: meter,
          register,
          from: at("10-02"),
          to: at("10-03"),
          rule: "difference.backwards",
          decision,
          reason: "looked at it",
          key: `decision-${keys++}`,
          madeAt: at("11-01"),
        },
      ]),
    );
  const standing = async () =>
    (await fresh.db.as(town.operatorId, (trx) => readDecisions(trx, [meter]))).get(meter)?.map((d) => d.decision);
  await decide("accept");
  await decide("rollover");
  expect(await standing()).toEqual(["rollover"]);
  await decide("reopen");
  expect(await standing()).toBeUndefined();
});

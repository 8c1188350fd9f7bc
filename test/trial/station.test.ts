import { afterAll, beforeAll, expect, test } from "vitest";
import { day } from "../../domain/period.ts";
import { liveThrough } from "../../trial/main.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../support/database.ts";

const DAYS = Number(process.env["SANBIAO_TRIAL_DAYS"] ?? 21);
const METERS = Number(process.env["SANBIAO_TRIAL_METERS"] ?? 5);
const SEED = Number(process.env["SANBIAO_TRIAL_SEED"] ?? 1);

let fresh: FreshDatabase;
beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());

test(`a station lives through ${DAYS} days of faults, kills, late and double payments, and keeps every promise (seed ${SEED})`, {
  timeout: 900_000,
}, async () => {
  const owner = ownerPool(fresh.ownerUrl);
  try {
    const { tally, broken } = await liveThrough({
      db: fresh.db,
      owner,
      seed: SEED,
      meters: METERS,
      days: DAYS,
      from: day("2026-03-02"),
    });
    expect(broken).toEqual([]);
    expect(tally.cuts).toBeGreaterThan(0);
    expect(tally.kills).toBeGreaterThan(0);
    if (process.env["SANBIAO_TRIAL_SHOW"] !== undefined) console.log(tally);
  } finally {
    await owner.end();
  }
});

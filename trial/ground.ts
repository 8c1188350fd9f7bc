import type { Pool } from "pg";
import { policyVersionsOf } from "../catalog/policies/catalogue.ts";
import { type Instant, instant, isoOf } from "../domain/instant.ts";
import { type Day, day } from "../domain/period.ts";
import { REGISTERS } from "../domain/register.ts";
import type { Tariff } from "../domain/tariff.ts";
import { Home } from "./home.ts";

/** 60 sen a kWh and nothing else: what is owed can be told without the service. */
export const PRICE_MINOR = 60n;
const title = { zh: "试验", en: "trial" };
export const trialTariff: Tariff = {
  id: "trial",
  version: "1",
  utility: "electricity",
  unit: "kWh",
  currency: "CNY",
  effectiveFrom: day("2025-01-01"),
  zone: "Asia/Shanghai",
  title,
  source: ["invented for the trial"],
  charges: [
    {
      kind: "energy",
      form: "graduated",
      id: "energy",
      title,
      ladder: { basis: "month" },
      tiers: [{ upTo: null, price: "0.6" }],
    },
  ],
};

/** Homes live under these in turn: one cuts soon and without proof of service, one waits for a served notice. */
export const POLICY_IDS = ["demo-station", "cn-station"] as const;
export const policiesOf = policyVersionsOf;
const START_MICRO = 1_000_000_000n;

/** A station with its homes, each with ten yuan; every third has an address that takes nothing. */
export async function foundStation(owner: Pool, code: string, meters: number, at: Instant, from: Day): Promise<Home[]> {
  const one = async (text: string, values: unknown[]): Promise<bigint> =>
    (await owner.query<{ id: bigint }>(text, values)).rows[0]?.id ?? 0n;
  const operatorId = await one(
    "insert into operator (code, kind, name_zh, name_en) values ($1, 'supply_station', '试验所', 'Trial station') returning operator_id as id",
    [code],
  );
  await owner.query("select ensure_reading_months($1, $1)", [isoOf(at)]);
  const homes: Home[] = [];
  for (let n = 1; n <= meters; n++) {
    const policyId = POLICY_IDS[n % POLICY_IDS.length] ?? POLICY_IDS[0];
    const account = await one(
      "insert into account (operator_id, number, name, payment_mode, opened_on) values ($1, $2, $2, 'prepaid', $3) returning id",
      [operatorId, `${n}`, from],
    );
    const point = await one(
      "insert into usage_point (operator_id, utility, building, room) values ($1, 'electricity', '1', $2) returning id",
      [operatorId, `${n}`],
    );
    const meter = await one(
      "insert into meter (operator_id, serial, utility, profile_id) values ($1, $2, 'electricity', 'sanbiao-json') returning id",
      [operatorId, `${code}-${n}`],
    );
    await owner.query(
      `with i as (insert into installation (operator_id, meter_id, usage_point_id, installed_at, capacity_per_hour) values ($1, $2, $3, $4, 20)),
            g as (insert into agreement (operator_id, account_id, usage_point_id, tariff_id, from_day) values ($1, $5, $3, 'trial', $6)),
            s as (insert into supply (operator_id, account_id, meter_id, policy_id, reported) values ($1, $5, $2, $7, 'connected')),
            c as (insert into contact_point (operator_id, account_id, channel, address, language, from_day, active, verified, bills, consent, noted_at)
                  values ($1, $5, 'email', $8, 'en', $6, true, true, false, 'trial', $4))
       insert into reading (operator_id, meter_id, register, measured_at, received_at, value, source) values ($1, $2, $9, $4, $4, $10, 2)`,
      [
        operatorId,
        meter,
        point,
        isoOf(at),
        account,
        from,
        policyId,
        `${n % 3 === 0 ? "gone" : "home"}-${n}@example.org`,
        REGISTERS.energy_import_kwh.code,
        START_MICRO,
      ],
    );
    homes.push(new Home({ operatorId, account, meter, policyId }, instant(at), START_MICRO));
  }
  return homes;
}

/** What is left by what the dial says, in minor units; the bills' rounding is not in it. */
export const availableOf = (home: Home, at: Instant): bigint =>
  home.paidMinor - ((home.energyAt(at) - START_MICRO) * PRICE_MINOR) / 1_000_000n;

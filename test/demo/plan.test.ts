import { describe, expect, test } from "vitest";
import { filterMatches } from "../../domain/topic.ts";
import { profileOf } from "../../catalog/meters/catalogue.ts";
import { policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { tariffOf } from "../../catalog/tariffs/catalogue.ts";
import { DEMO_ACCOUNT, demoPlan } from "../../demo/plan.ts";
import { type Instant, instant, instantOfIso } from "../../domain/instant.ts";
import { messageOf } from "../../simulators/town/payload.ts";
import { TownState } from "../../simulators/town/state.ts";

const now = instantOfIso("2026-11-23T12:00:00+08:00") ?? instant(0);
const plan = demoPlan({ seed: 1, now });
const accounts = plan.operators.flatMap((operator) => operator.accounts);

describe("the demo's plan", () => {
  test("is two operators with 48 flats and 20 homes, the same for the same seed and day", () => {
    expect(plan.operators.map((o) => [o.code, o.kind, o.accounts.length])).toEqual([
      ["riverside", "estate", 48],
      ["qingshan", "supply_station", 20],
    ]);
    expect(demoPlan({ seed: 1, now })).toEqual(plan);
    expect(plan.since).toBe("2026-10-01");
    expect(demoPlan({ seed: 1, now: (now + 1) as Instant }).since).toBe(plan.since);
  });

  test("every flat has its three utilities, and numbers, serials and users are given once", () => {
    for (const { agreements } of plan.operators[0]?.accounts ?? []) expect(agreements).toHaveLength(3);
    const unique = (keys: readonly string[]): void => expect(new Set(keys).size).toBe(keys.length);
    unique(accounts.map((a) => a.number));
    unique(plan.operators.flatMap((o) => o.meters.map((m) => m.serial)));
    unique(plan.operators.flatMap((o) => o.clients.map((c) => c.username)));
  });

  test("names only tariffs, policies, profiles and meters that exist", () => {
    for (const operator of plan.operators) {
      const serials = new Map(operator.meters.map((m) => [m.serial, m]));
      for (const { agreements, prepaid } of operator.accounts) {
        for (const { serial, tariffId } of agreements)
          expect(tariffOf(tariffId, plan.since)?.utility).toBe(serials.get(serial)?.utility);
        if (prepaid === null) continue;
        expect(policyVersionsOf(prepaid.policyId)).not.toEqual([]);
        expect(profileOf(serials.get(prepaid.serial)?.profileId ?? "")).toHaveProperty("control");
      }
      for (const { profileIds } of operator.clients)
        for (const id of profileIds) expect(profileOf(id).kind).toBe("mqtt");
      const buses = operator.buses.map((b) => b.name);
      for (const { modbus } of operator.meters) if (modbus !== null) expect(buses).toContain(modbus.bus);
    }
  });

  test("phones are nobody's, and some accounts are prepaid, one of them protected", () => {
    for (const { phone } of accounts) expect(phone).toMatch(/^000 0000 \d{5}$/);
    const prepaid = accounts.filter((a) => a.prepaid !== null);
    expect(prepaid.length).toBeGreaterThan(18 + 8); // a home with a roof and a workshop are billed once a month
    expect(prepaid.length).toBeLessThan(accounts.length);
    expect(accounts.filter((a) => a.protectedReason !== null)).toHaveLength(1);
  });

  test("the flat that runs out may be cut at any hour", () => {
    const demo = accounts.find((a) => a.number === DEMO_ACCOUNT);
    expect(demo?.name).toMatch(/Demo flat/);
    expect(demo?.prepaid?.opening).toMatchObject({ kind: "run_down" });
    expect(policyVersionsOf(demo?.prepaid?.policyId ?? "")[0]).toMatchObject({
      noticeMinutes: 0,
      creditGraceMinutes: 0,
      protectedHours: [],
      protectedWeekdays: [],
      protectedDays: [],
    });
  });

  test("a client may publish what its devices say, and nobody else may", () => {
    const clients = plan.operators.flatMap((o) => o.clients);
    const state = new TownState(1);
    for (const meter of plan.town.meters.filter((m) => m.modbus === null)) {
      const { topic } = messageOf(meter, state, now);
      const allowed = clients.filter((c) => c.publishFilters.some((filter) => filterMatches(filter, topic)));
      expect(allowed.map((c) => c.username)).toEqual([meter.mqtt.client]);
    }
  });
});

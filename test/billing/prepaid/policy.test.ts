import { expect, test } from "vitest";
import { policyDraftOfJson, policyOfJson } from "../../../billing/prepaid/policy-schema.ts";
import { policyPublicationProblems } from "../../../billing/prepaid/policy-problems.ts";
import { POLICIES, policyVersionsOf } from "../../../catalog/policies/catalogue.ts";
import { day } from "../../../domain/period.ts";
import { policyOn, type PrepaidPolicy } from "../../../domain/policy.ts";

test.each(POLICIES.map((p) => [`${p.id}@${p.version}`, p] as const))(
  "policy %s is in the policy language and comes back as it was",
  (_id, policy) => {
    expect(policyOfJson(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  },
);

const [estate] = policyVersionsOf("cn-estate") as [PrepaidPolicy];
test.each<[title: string, change: object, path: string, says: RegExp]>([
  ["a field that nobody knows", { warn3: "1" }, "warn3", /is no field here: see docs\/reference\/policies.md/],
  ["a cut before a warning", { cutBelow: "20.00" }, "warn2", /20.00 is not above cutBelow/],
  ["a fraction of a fen", { warn1: "50.005" }, "warn1", /more places than CNY/],
  ["supply back below the limit", { reconnectAbove: "-10.01" }, "reconnectAbove", /not at least cutBelow/],
  ["closing permitted below the limit", { closePermitFrom: "-11" }, "closePermitFrom", /not at least cutBelow/],
  ["gas", { utilities: ["electricity", "gas"] }, "utilities", /a person stands at the appliance/],
  [
    "hours without a length",
    { protectedHours: [{ from: "09:00", to: "09:00" }] },
    "protectedHours[0]",
    /no hour at all/,
  ],
  ["an hour of no clock", { protectedHours: [{ from: "9:00", to: "24:00" }] }, "protectedHours[0].from", /not a time/],
  ["a weekday of no week", { protectedWeekdays: [0] }, "protectedWeekdays[0]", /less than 1/],
  ["every day too cold or hot", { coldAtC: 35 }, "hotAtC", /every day would be protected/],
  ["holidays of a calendar that is not there", { holidays: "mars" }, "holidays", /none of cn/],
  ["a way that does not exist", { channels: { warn2: ["pigeon"] } }, "channels.warn2[0]", /none of email/],
  ["a share of more than all", { debtShare: { percent: 101 } }, "debtShare.percent", /more than 100/],
  ["credit of nothing", { emergencyCredit: { amount: "0", offeredBelow: "5" } }, "emergencyCredit.amount", /not above/],
  ["a limit that a warning needs", { hoarding: { balanceMax: "50" } }, "hoarding.balanceMax", /not above warn1/],
  ["no first day", { effectiveFrom: undefined }, "effectiveFrom", /is missing/],
])("a policy with %s is refused where it is wrong", (_title, change, path, says) => {
  const read = policyDraftOfJson({ ...estate, ...change });
  expect("problems" in read ? read.problems : []).toContainEqual({ path, message: expect.stringMatching(says) });
});

test("the version in force is the last one that has begun", () => {
  const of = (version: string, from: string): PrepaidPolicy => ({ ...estate, version, effectiveFrom: day(from) });
  const versions = [of("2", "2026-03-01"), of("1", "2025-01-01"), of("3", "2026-12-01")];
  expect(policyOn(versions, day("2024-12-31"))).toBeNull();
  expect(policyOn(versions, day("2026-02-28"))?.version).toBe("1");
  expect(policyOn(versions, day("2026-03-01"))?.version).toBe("2");
  const draft = of("2", "2026-12-01");
  expect(policyPublicationProblems(versions, draft, { today: day("2026-12-02"), currency: "EUR" })).toEqual([
    "currency: CNY is not the operator's EUR",
    "effectiveFrom: 2026-12-01 is over; what was decided then stands",
    "version: 2 is published already",
    "effectiveFrom: 3 takes effect on the same day",
  ]);
});

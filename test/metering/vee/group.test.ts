import { expect, test } from "vitest";
import { RULE_GROUPS, ruleGroupOf } from "../../../catalog/vee/catalogue.ts";
import { headEnd } from "../../../catalog/vee/head-end.ts";
import { manual } from "../../../catalog/vee/manual.ts";
import { VEE_RULES, type RuleGroup } from "../../../domain/vee.ts";
import { RULES } from "../../../metering/vee/catalogue.ts";
import { runGroup } from "../../../metering/vee/group.ts";
import { DAY, rows, situation, homeUse } from "./day.ts";

const five = situation({ rows: rows((quarter) => homeUse(quarter) * 5) });

test("the strict group knows every rule; the looser one leaves out what needs intervals and says why it widens", () => {
  expect(Object.keys(headEnd.rules)).toEqual([...VEE_RULES]);
  const left = VEE_RULES.filter((rule) => manual.rules[rule] === undefined);
  expect(left).toEqual(["spike", "missing", "interval_size", "sum", "clock", "stale", "leak"]);
  for (const { rules, why } of RULE_GROUPS) {
    const changed = Object.entries(rules).flatMap(([rule, set]) => Object.keys(set).map((name) => `${rule}.${name}`));
    expect(Object.keys(why).sort()).toEqual(changed.sort());
  }
});

test("every rule and every threshold of a group exists", () => {
  for (const group of RULE_GROUPS) expect(() => runGroup(group, five)).not.toThrow();
  const misspelt: RuleGroup = { ...headEnd, id: "misspelt", rules: { spike: { over_third: 3 } } };
  expect(() => runGroup(misspelt, five)).toThrow("rule group misspelt: spike has no threshold over_third");
});

test("what a machine sent is doubted where the same figures from a person are not", () => {
  expect(runGroup(headEnd, five).map(({ rule }) => rule)).toEqual(["vee.high_low"]);
  expect(runGroup(manual, five)).toEqual([]);
  expect(["modbus", "mqtt", "manual", "import"].map((source) => ruleGroupOf(source as "mqtt").id)).toEqual([
    "head-end",
    "head-end",
    "manual",
    "head-end",
  ]);
});

test("a rule judges only the utilities and kinds of register that it names", () => {
  const rules: RuleGroup = { ...headEnd, id: "leak-only", rules: { leak: {}, negative: {} } };
  const running = rows(() => 0.01).map((row, i) => (i === 50 ? { ...row, value: -1 } : row));
  const told = (of: Parameters<typeof situation>[0]): string[] =>
    runGroup(rules, situation({ ...of, rows: running })).map(({ rule }) => rule);
  expect(told({ utility: "water" })).toEqual(["vee.leak", "vee.negative"]);
  expect(told({ utility: "electricity" })).toEqual(["vee.negative"]);
  expect(told({ utility: "water", register: "flow_m3_per_h" })).toEqual([]);
});

test("a verdict keeps all thresholds that were in force, changed or not", () => {
  const strict: RuleGroup = { ...headEnd, id: "sharp", rules: { high_low: { high_percent: 110 } } };
  expect(runGroup(strict, five)[0]).toMatchObject({
    rule: "vee.high_low",
    version: RULES.high_low.version,
    period: DAY,
    threshold: { high_percent: "110", low_percent: "10", daily_micro: "2000000", hours: "18", days: "7" },
  });
});

import { type RegisterKind, REGISTERS } from "../../domain/register.ts";
import type { RuleGroup, VeeRuleName } from "../../domain/vee.ts";
import type { Verdict } from "../../domain/verdict.ts";
import { RULES } from "./catalogue.ts";
import type { VeeInput } from "./input.ts";
import type { Rule, Thresholds } from "./rule.ts";

/** A rule with the thresholds that count in its group. */
type Chosen = { readonly rule: Rule; readonly thresholds: Thresholds };

const chosenOf = new WeakMap<RuleGroup, readonly Chosen[]>();

/** Lets the rules of a group judge, each that applies to the utility and the register. Total: no series makes it throw. */
export function runGroup(group: RuleGroup, input: VeeInput): Verdict[] {
  let chosen = chosenOf.get(group);
  if (chosen === undefined) chosenOf.set(group, (chosen = choose(group)));
  const kind = REGISTERS[input.series.register].kind;
  const verdicts: Verdict[] = [];
  for (const { rule, thresholds } of chosen) {
    if (applies(rule, input, kind)) verdicts.push(...rule.judge(input, thresholds));
  }
  return verdicts;
}

function applies({ applies: { utilities, kinds } }: Rule, { meter }: VeeInput, kind: RegisterKind): boolean {
  return kinds.includes(kind) && (utilities === "all" || utilities.includes(meter.utility));
}

/** @throws TypeError when a group names a threshold that its rule does not have: it would silently change nothing */
function choose(group: RuleGroup): Chosen[] {
  return Object.entries(group.rules).map(([name, changed]) => {
    const rule = RULES[name as VeeRuleName];
    const strange = Object.keys(changed).find((threshold) => !Object.hasOwn(rule.defaults, threshold));
    if (strange !== undefined) throw new TypeError(`rule group ${group.id}: ${name} has no threshold ${strange}`);
    return { rule, thresholds: { ...defaultsOf(rule), ...changed } };
  });
}

export const defaultsOf = (rule: Rule): Thresholds =>
  Object.fromEntries(Object.entries(rule.defaults).map(([name, { value }]) => [name, value]));

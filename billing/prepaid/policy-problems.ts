import { CURRENCIES, type Currency, moneyOfText } from "../../domain/money.ts";
import type { Day } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { DecimalText } from "../../domain/tariff.ts";

type PolicyProblem = { readonly path: readonly (string | number)[]; readonly message: string };

/** What is wrong between the fields of a policy: amounts that the currency cannot hold, or in an order that cuts before it warns. Pure. */
export function policyProblems(policy: PrepaidPolicy): PolicyProblem[] {
  const amounts = amountsOf(policy);
  if (!amounts.every(({ text }) => /^-?\d+(\.\d+)?$/.test(text))) return []; // the schema says which are none
  const wrong = amounts.filter(({ text }) => moneyOfText(policy.currency, text) === null);
  if (wrong.length > 0)
    return wrong.map(({ path, text }) => ({
      path,
      message: `${text} has more places than ${policy.currency}: ${CURRENCIES[policy.currency]}`,
    }));
  return [...orderProblems(policy), ...rangeProblems(policy)];
}

function amountsOf(p: PrepaidPolicy): { path: string[]; text: DecimalText }[] {
  const all: [string[], DecimalText | undefined][] = [
    [["warn1"], p.warn1],
    [["warn2"], p.warn2],
    [["cutBelow"], p.cutBelow],
    [["reconnectAbove"], p.reconnectAbove],
    [["closePermitFrom"], p.closePermitFrom],
    [["emergencyCredit", "amount"], p.emergencyCredit?.amount],
    [["emergencyCredit", "offeredBelow"], p.emergencyCredit?.offeredBelow],
    [["hoarding", "balanceMax"], p.hoarding?.balanceMax],
    [["hoarding", "topUpMax"], p.hoarding?.topUpMax],
    [["debtShare", "max"], p.debtShare?.max],
  ];
  return all.flatMap(([path, text]) => (text === undefined ? [] : [{ path, text }]));
}

/** Each figure that must not be below, or must be above, another. */
function orderProblems(p: PrepaidPolicy): PolicyProblem[] {
  const minor = (text: DecimalText): bigint => moneyOfText(p.currency, text)?.minor ?? 0n;
  const problems: PolicyProblem[] = [];
  const above = (path: string[], text: DecimalText | undefined, than: DecimalText, name: string, orEqual = false) => {
    if (text === undefined) return;
    const [one, other] = [minor(text), minor(than)];
    if (one < other || (one === other && !orEqual))
      problems.push({ path, message: `${text} is not ${orEqual ? "at least" : "above"} ${name} (${than})` });
  };
  above(["warn1"], p.warn1, p.warn2, "warn2");
  above(["warn2"], p.warn2, p.cutBelow, "cutBelow");
  above(["reconnectAbove"], p.reconnectAbove, p.cutBelow, "cutBelow", true);
  above(["closePermitFrom"], p.closePermitFrom, p.cutBelow, "cutBelow", true);
  above(["emergencyCredit", "amount"], p.emergencyCredit?.amount, "0", "nothing");
  above(["emergencyCredit", "offeredBelow"], p.emergencyCredit?.offeredBelow, p.cutBelow, "cutBelow", true);
  above(["hoarding", "balanceMax"], p.hoarding?.balanceMax, p.warn1, "warn1");
  above(["hoarding", "topUpMax"], p.hoarding?.topUpMax, "0", "nothing");
  return problems;
}

function rangeProblems(p: PrepaidPolicy): PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  if (p.utilities.includes("gas"))
    problems.push({ path: ["utilities"], message: "gas is never cut by a program: a person stands at the appliance" });
  if (p.coldAtC !== undefined && p.hotAtC !== undefined && p.coldAtC >= p.hotAtC)
    problems.push({ path: ["hotAtC"], message: "is not above coldAtC: every day would be protected" });
  p.protectedHours.forEach(({ from, to }, i) => {
    if (from === to)
      problems.push({ path: ["protectedHours", i], message: "from and to are the same: that is no hour at all" });
  });
  return problems;
}

/** Why a version cannot stand beside those that are published. Pure. */
export function policyPublicationProblems(
  published: readonly PrepaidPolicy[],
  draft: PrepaidPolicy,
  { today, currency }: { readonly today: Day; readonly currency: Currency },
): string[] {
  const problems: string[] = [];
  if (draft.currency !== currency) problems.push(`currency: ${draft.currency} is not the operator's ${currency}`);
  if (draft.effectiveFrom < today)
    problems.push(`effectiveFrom: ${draft.effectiveFrom} is over; what was decided then stands`);
  for (const { version, effectiveFrom } of published) {
    if (version === draft.version) problems.push(`version: ${version} is published already`);
    if (effectiveFrom === draft.effectiveFrom) problems.push(`effectiveFrom: ${version} takes effect on the same day`);
  }
  return problems;
}

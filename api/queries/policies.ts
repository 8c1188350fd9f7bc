import { sql } from "kysely";
import { affectedBy, type AffectedRow, type Standing } from "../../billing/prepaid/affected.ts";
import { policyPublicationProblems } from "../../billing/prepaid/policy-problems.ts";
import { policyDraftOfJson } from "../../billing/prepaid/policy-schema.ts";
import { withOwnPolicies } from "../../billing/prepaid/policies.ts";
import { fieldDifferencesOf } from "../../billing/tariff-difference.ts";
import { POLICIES, policyVersionsOf } from "../../catalog/policies/catalogue.ts";
import { CodedError } from "../../domain/errors.ts";
import { moneyJson } from "../../domain/money.ts";
import { type Day, dayOf } from "../../domain/period.ts";
import { policyOn, type PrepaidPolicy } from "../../domain/policy.ts";
import type { Actor, OwnVersion, VersionState } from "../../ledger/own-versions.ts";
import { accountClasses, POLICY_VERSIONS, readAssignments } from "../../ledger/policies.ts";
import { atText, atTextOrNull, dayText, type Desk } from "../desk.ts";
import type {
  AffectedJson,
  AssignmentsJson,
  PoliciesJson,
  PolicyTrialJson,
  PolicyVersionJson,
  PublishedPolicyJson,
} from "../schemas/policy.ts";

type Row = PoliciesJson["items"][number];

const rowOf = (
  policy: PrepaidPolicy,
  own: OwnVersion | null,
  { inForce, supplies }: { inForce: PrepaidPolicy | null; supplies: number },
): Row => {
  const isPublished = own === null || own.state === "published";
  const isInForce = isPublished && inForce?.version === policy.version;
  return {
    id: own === null ? null : String(own.id),
    origin: own === null ? "catalogue" : "own",
    policyId: policy.id,
    version: policy.version,
    title: { ...policy.title },
    state: own === null ? ("published" satisfies VersionState) : own.state,
    effectiveFrom: policy.effectiveFrom,
    inForce: isInForce,
    supplies: isInForce ? supplies : 0,
  };
};

/** What rows are told by: which version counts today, and how many supplies have the policy. */
async function standingOf(desk: Desk) {
  const today = dayOf(desk.now, desk.zone);
  const book = await withOwnPolicies(desk.trx, policyVersionsOf);
  const { rows } = await sql<{ policy_id: string; n: number }>`
    select policy_of_supply(operator_id, account_id, policy_id, ${today}::date) as policy_id, count(*)::int as n
      from supply where operator_id = ${desk.operatorId} group by 1`.execute(desk.trx);
  const counts = new Map(rows.map((row) => [row.policy_id, row.n]));
  return {
    book,
    of: (id: string) => ({ inForce: policyOn(book(id), today), supplies: counts.get(id) ?? 0 }),
  };
}

/** Every version of the catalogue and of the operator's own, policy by policy, the newest first. */
export async function policies(desk: Desk): Promise<PoliciesJson> {
  const { of } = await standingOf(desk);
  const own = await POLICY_VERSIONS.versions(desk.trx);
  const items = [
    ...POLICIES.map((policy) => rowOf(policy, null, of(policy.id))),
    ...own.map((one) => rowOf(one.document as PrepaidPolicy, one, of(one.documentId))),
  ];
  items.sort((a, b) =>
    a.policyId !== b.policyId ? (a.policyId < b.policyId ? -1 : 1) : a.effectiveFrom > b.effectiveFrom ? -1 : 1,
  );
  return { items };
}

/** One published version with its document. @throws CodedError `request.not-found` */
export async function publishedPolicy(desk: Desk, id: string, version: string): Promise<PublishedPolicyJson> {
  const { book, of } = await standingOf(desk);
  const policy = book(id).findLast((one) => one.version === version);
  if (policy === undefined) throw new CodedError("request.not-found", `There is no published policy ${id}@${version}.`);
  const own = (await POLICY_VERSIONS.versions(desk.trx)).find(
    (one) => one.documentId === id && one.version === version && one.state === "published",
  );
  return { ...rowOf(policy, own ?? null, of(id)), document: { ...policy } };
}

/** The published version that one takes the place of; `null` = it is the first. */
const versionBefore = (
  published: readonly PrepaidPolicy[],
  { effectiveFrom, version }: PrepaidPolicy,
): PrepaidPolicy | null =>
  policyOn(
    published.filter((one) => one.version !== version && one.effectiveFrom < effectiveFrom),
    effectiveFrom,
  );

const againstJson = (before: PrepaidPolicy | null, after: PrepaidPolicy) => ({
  against: before === null ? null : { version: before.version, effectiveFrom: before.effectiveFrom },
  differences:
    before === null ? [] : fieldDifferencesOf(before, after).map(({ path, ...one }) => ({ path: [...path], ...one })),
});

/** What stands against publishing a version now. */
export async function againstPublication(desk: Desk, policy: PrepaidPolicy): Promise<string[]> {
  const book = await withOwnPolicies(desk.trx, policyVersionsOf);
  const today: Day = dayOf(desk.now, desk.zone);
  return policyPublicationProblems(book(policy.id), policy, { today, currency: desk.currency });
}

export async function policyVersionJson(desk: Desk, one: OwnVersion): Promise<PolicyVersionJson> {
  const policy = one.document as PrepaidPolicy;
  const { book, of } = await standingOf(desk);
  const told = (actor: Actor) => ({ name: actor.name, at: atText(desk, actor.at) });
  const maybe = (actor: Actor | null) => (actor === null ? null : told(actor));
  const isOpen = one.state === "draft" || one.state === "proposed";
  return {
    ...rowOf(policy, one, of(one.documentId)),
    id: String(one.id),
    edition: one.edition,
    hash: one.hash,
    document: { ...policy },
    reason: one.reason,
    made: told(one.made),
    changed: told(one.changed),
    proposed: maybe(one.proposed),
    approved: maybe(one.approved),
    withdrawn: maybe(one.withdrawn),
    problems: isOpen ? await againstPublication(desk, policy) : [],
    ...againstJson(versionBefore(book(policy.id), policy), policy),
    history: (await POLICY_VERSIONS.history(desk.trx, one.id)).map(({ deed, by, edition, reason }) => ({
      deed,
      by: told(by),
      edition,
      reason,
    })),
  };
}

/** A version as it is being written: what is wrong with it, what it changes, and for whom. Nothing is written. */
export async function policyTrial(desk: Desk, document: unknown, insteadOf?: string): Promise<PolicyTrialJson> {
  const draft = policyDraftOfJson(document);
  if ("problems" in draft)
    return { problems: [...draft.problems], publication: [], against: null, differences: [], affected: null };
  const { policy } = draft;
  const book = await withOwnPolicies(desk.trx, policyVersionsOf);
  return {
    problems: [],
    publication: await againstPublication(desk, policy),
    ...againstJson(versionBefore(book(policy.id), policy), policy),
    affected: await affectedJson(desk, policy, insteadOf ?? policy.id),
  };
}

async function affectedJson(desk: Desk, policy: PrepaidPolicy, insteadOf: string): Promise<AffectedJson> {
  const { looked, leftOut, rows } = await affectedBy(desk.trx, policy, {
    insteadOf,
    policies: policyVersionsOf,
    now: desk.now,
  });
  const cuts = ({ next }: Standing): boolean => next === "cut";
  return {
    looked,
    leftOut,
    changed: rows.length,
    cutNow: rows.filter(({ before, after }) => cuts(after) && !cuts(before)).length,
    cutNoMore: rows.filter(({ before, after }) => cuts(before) && !cuts(after)).length,
    items: rows.map((row) => affectedRowJson(desk, row)),
  };
}

const affectedRowJson = (
  desk: Desk,
  { place, available, before, after }: AffectedRow,
): AffectedJson["items"][number] => {
  const standing = ({ stage: state, next, held, cutAt }: Standing) => ({
    state,
    next,
    held,
    cutAt: atTextOrNull(desk, cutAt),
  });
  return {
    accountId: String(place.account_id),
    accountNumber: place.number,
    accountName: place.name,
    building: place.building ?? "",
    room: place.room ?? "",
    meterId: String(place.meter_id),
    serial: place.serial,
    available: available === null ? null : moneyJson(available),
    before: standing(before),
    after: standing(after),
  };
};

export async function assignments(desk: Desk): Promise<AssignmentsJson> {
  const today = dayText(desk, desk.now);
  const seen = new Set<string>();
  const items = (await readAssignments(desk.trx)).map((one) => {
    // Newest first within a class: the first that has begun counts.
    const inForce = one.fromDay <= today && !seen.has(one.class);
    if (inForce) seen.add(one.class);
    const { id, notedAt, ...rest } = one;
    return { id: String(id), ...rest, inForce, notedAt: atText(desk, notedAt) };
  });
  return { items, classes: await accountClasses(desk.trx) };
}

import { z } from "zod";
import { POLICY_MESSAGES } from "../../domain/policy.ts";
import { CONTACT_CHANNELS } from "../../domain/notice.ts";
import { CurrencyCode, DayText, IdText, InstantText, MoneyJson, PlainText } from "./json.ts";
import { HeldReasonName } from "./supply-board.ts";
import { SupplyStateName } from "./supply.ts";

const title = z.object({ zh: z.string(), en: z.string() });
const actor = z.object({ name: z.string(), at: InstantText });
const PolicyIdText = PlainText.min(1).max(64);

const row = {
  id: IdText.nullable().describe("null: a version of the catalogue"),
  origin: z.enum(["catalogue", "own"]),
  policyId: z.string(),
  version: z.string(),
  title,
  state: z
    .enum(["draft", "proposed", "published", "withdrawn"])
    .describe("draft ⇄ proposed → published → withdrawn (before its first day)"),
  effectiveFrom: DayText,
  inForce: z.boolean().describe("Supplies are decided by it today"),
  supplies: z.number().int().describe("Prepaid supplies that this version decides today; 0 unless it is in force"),
};
export const PolicyRowJson = z.object(row).meta({ id: "PolicyRow" });
export const PoliciesJson = z.object({ items: z.array(PolicyRowJson) }).meta({ id: "Policies" });
export type PoliciesJson = z.infer<typeof PoliciesJson>;

const Document = z.record(z.string(), z.unknown()).describe("In the policy language: docs/reference/policies.md");
export const PolicyParams = z.object({ policyId: PolicyIdText, version: PolicyIdText });
export const PublishedPolicyJson = z.object({ ...row, document: Document }).meta({ id: "PublishedPolicy" });
export type PublishedPolicyJson = z.infer<typeof PublishedPolicyJson>;

export const PolicyDifferenceJson = z
  .object({
    path: z.array(z.union([z.string(), z.number()])),
    before: z.unknown().describe("null: it is new"),
    after: z.unknown().describe("null: it is gone"),
  })
  .meta({ id: "PolicyDifference" });
const Against = z
  .object({ version: z.string(), effectiveFrom: DayText })
  .nullable()
  .describe("The published version before it; null: it is the first");

export const PolicyVersionJson = z
  .object({
    ...row,
    id: IdText,
    edition: z.number().int().describe("Send it with every change: another one was made meanwhile when it differs"),
    hash: z.string().describe("SHA-256 of the document as it is kept"),
    document: Document,
    reason: z.string(),
    made: actor,
    changed: actor,
    proposed: actor.nullable(),
    approved: actor.nullable(),
    withdrawn: actor.nullable(),
    problems: z.array(z.string()).describe("Why it cannot be published as it is"),
    against: Against,
    differences: z.array(PolicyDifferenceJson).describe("What changes from `against` to it"),
    history: z.array(
      z.object({
        deed: z.enum(["made", "changed", "proposed", "returned", "published", "withdrawn"]),
        by: actor,
        edition: z.number().int(),
        reason: z.string(),
      }),
    ),
  })
  .meta({ id: "PolicyVersion" });
export type PolicyVersionJson = z.infer<typeof PolicyVersionJson>;

export const PolicyDraftBody = z.strictObject({
  document: z.unknown().optional().describe("One version in the policy language"),
  copyOf: PlainText.max(140).optional().describe("In place of `document`: id@version of the catalogue or an own one"),
  id: PolicyIdText.optional().describe("With `copyOf`: a policy of one's own in place of a further version"),
  version: PolicyIdText.optional().describe("With `copyOf`: the new version's name"),
  effectiveFrom: DayText.optional().describe("With `copyOf`: its first day"),
});
const edition = z.number().int().min(1);
export const PolicyChangeBody = z.strictObject({ edition, document: z.unknown() });
export const PolicyProposeBody = z.strictObject({ edition, reason: PlainText.trim().max(300).default("") });
export const PolicyEditionBody = z.strictObject({ edition });
export const PolicySendBackBody = z.strictObject({
  edition,
  reason: PlainText.trim().max(300).default("").describe("Needed from everybody but who proposed it"),
});

export const PolicyTrialBody = z.strictObject({
  document: z.unknown().describe("A version as it is being written"),
  insteadOf: PolicyIdText.optional().describe("The policy whose supplies are tried; else the document's own id"),
});
const Standing = z.object({
  state: SupplyStateName,
  next: z.enum(["nothing", "warn_1", "warn_2", "recover", "wait", "cut", "withdraw_cut", "give_back"]),
  held: HeldReasonName.nullable(),
  cutAt: InstantText.nullable().describe("When an order to cut would leave if nobody pays"),
});
export const AffectedJson = z
  .object({
    looked: z.number().int(),
    leftOut: z.number().int(),
    changed: z.number().int(),
    cutNow: z.number().int().describe("Would be ordered to be cut at once, and would not be now"),
    cutNoMore: z.number().int(),
    items: z.array(
      z.object({
        accountId: IdText,
        accountNumber: z.string(),
        accountName: z.string(),
        building: z.string(),
        room: z.string(),
        meterId: IdText,
        serial: z.string(),
        available: MoneyJson.nullable(),
        before: Standing,
        after: Standing,
      }),
    ),
  })
  .meta({ id: "PolicyAffected" });
export type AffectedJson = z.infer<typeof AffectedJson>;
export const PolicyTrialJson = z
  .object({
    problems: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .describe("What is wrong with it as a document, where; nothing else is answered then"),
    publication: z.array(z.string()).describe("What stands against publishing it"),
    against: Against,
    differences: z.array(PolicyDifferenceJson),
    affected: AffectedJson.nullable().describe("Supplies whose state or next step would be another if it counted now"),
  })
  .meta({ id: "PolicyTrial" });
export type PolicyTrialJson = z.infer<typeof PolicyTrialJson>;

export const PolicyLanguageJson = z
  .object({
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema of a version"),
    calendars: z.array(z.object({ id: z.string(), title, years: z.array(z.number().int()) })),
    messages: z.array(z.enum(POLICY_MESSAGES)).describe("Keys of `channels`"),
    channels: z.array(z.enum(CONTACT_CHANNELS)),
    currency: CurrencyCode,
    zone: z.string(),
  })
  .meta({ id: "PolicyLanguage" });
export type PolicyLanguageJson = z.infer<typeof PolicyLanguageJson>;

const ClassName = PlainText.trim().min(1).max(40).describe("居民, 商铺, homes, shops: any word");
export const AssignmentsJson = z
  .object({
    items: z.array(
      z.object({
        id: IdText,
        class: z.string(),
        policyId: z.string().nullable().describe("null: the accounts' own policies"),
        fromDay: DayText,
        inForce: z.boolean(),
        notedAt: InstantText,
        notedBy: z.string(),
      }),
    ),
    classes: z.array(z.object({ class: z.string(), accounts: z.number().int(), supplies: z.number().int() })),
  })
  .meta({ id: "PolicyAssignments" });
export type AssignmentsJson = z.infer<typeof AssignmentsJson>;
export const AssignmentBody = z.strictObject({
  class: ClassName,
  policyId: PolicyIdText.nullable(),
  fromDay: DayText,
});
export const AccountClassBody = z.strictObject({
  class: PlainText.trim().max(40).describe("Empty: out of any class"),
  accountIds: z.array(IdText).min(1).max(1000),
});
export const AccountClassJson = z
  .object({ changed: z.number().int().describe("Accounts that were in another class before") })
  .meta({ id: "AccountClassChanged" });

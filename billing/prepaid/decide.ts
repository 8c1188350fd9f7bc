import type { Instant } from "../../domain/instant.ts";
import { MINUTE_MS } from "../../domain/instant.ts";
import { type Money, moneyOfText } from "../../domain/money.ts";
import type { Zone } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { HoldKind, SupplyEventKind, SupplyPosition, SupplyStage } from "../../domain/supply.ts";
import type { DecimalText } from "../../domain/tariff.ts";
import type { Utility } from "../../domain/unit.ts";
import { type HeldReason, holdOf, isProtected, isSecondNoticeFresh } from "./hold.ts";

/** All that a decision rests on, as it is known at one moment. */
export type SupplyFacts = {
  readonly utility: Utility;
  readonly zone: Zone;
  readonly stage: SupplyStage;
  readonly desired: SupplyPosition;
  readonly reported: SupplyPosition | "limited" | "moving" | "fault" | "unknown";
  readonly reportedAt: Instant | null;
  /** Ledger balance less unbilled use; `null` when it cannot be told. */
  readonly available: Money | null;
  /** By how much more there may be, where the price of some use is not certain: this edge decides a cut. */
  readonly band: Money | null;
  readonly lastReadingAt: Instant | null;
  /** The last reading, or part of the unbilled use, is an estimate. */
  readonly estimated: boolean;
  /** A verdict holds part of the unbilled use for a person. */
  readonly useHeld: boolean;
  readonly protectedReason: string | null;
  /** In force now: said by persons, for the account or for all of the operator. */
  readonly holds: readonly HoldKind[];
  /** Of the local day; `null` = nobody said. */
  readonly temperature: { readonly lowC: number; readonly highC: number } | null;
  /** When the message of the second warning was served; `null` = not. */
  readonly noticeServedAt: Instant | null;
  /** Taken and not repaid: the limit of a cut is so much lower. */
  readonly emergency: { readonly amount: Money; readonly takenAt: Instant } | null;
  /** When the second notice was given, and when its message was served. */
  readonly secondNoticeAt: Instant | null;
  readonly secondNoticeServedAt: Instant | null;
  readonly warned2At: Instant | null;
  readonly lastCreditAt: Instant | null;
  /** Why the last decision held the cut. */
  readonly held: HeldReason | "";
  /** The one open order of the meter. */
  readonly open: { readonly action: "disconnect" | "connect"; readonly state: "queued" | "sent" } | null;
  /** When an order of this supply last ended without proof. */
  readonly lastUnknownAt: Instant | null;
  /** Cuts of the operator: sent in the last 60 minutes, and queued for others. */
  readonly cutsSentLastHour: number;
  readonly cutsQueued: number;
  /** The same within the supply's building. */
  readonly cutsSentInBuilding: number;
  readonly cutsQueuedInBuilding: number;
};

export type Decision = {
  readonly stage: SupplyStage;
  readonly desired: SupplyPosition;
  readonly warned2At: Instant | null;
  readonly event?: SupplyEventKind;
  /** The second notice is given now. */
  readonly givesSecondNotice?: true;
  /** An order to queue. It takes the place of an open one. */
  readonly control?: "connect" | "disconnect";
  /** The queued cut is no longer wanted. */
  readonly withdraw?: true;
  /** Why a cut that is due is not ordered. */
  readonly held?: HeldReason;
};

/** What follows from the facts. Pure and total; asked again before an order leaves. */
export function decide(facts: SupplyFacts, policy: PrepaidPolicy, now: Instant): Decision {
  return facts.desired === "disconnected" ? decideOff(facts, policy, now) : decideOn(facts, policy, now);
}

/** A cut is ordered, under way or done. */
function decideOff(f: SupplyFacts, p: PrepaidPolicy, now: Instant): Decision {
  const stay = { stage: f.stage, desired: f.desired, warned2At: f.warned2At };
  const most = atMost(f);
  if (most !== null && givesBack(f, p, most)) return giveBack(f, p, now);
  const hold = holdOf(f, p, now);
  if (f.open !== null) {
    const isPaid = most !== null && most >= cutLimitOf(f, p);
    if (isPaid) return giveBack(f, p, now); // sent or not: no order leaves, or leaves again, without its reason
    if (hold === null) return stay;
    // Not on the wire yet: withdrawn. On the wire without proof: nobody knows the position, so it is given back.
    if (f.open.state === "sent") return { ...giveBack(f, p, now), held: hold };
    return { ...stay, stage: "cut_due", desired: "connected", withdraw: true, event: "cut_withdrawn", held: hold };
  }
  if (isProtected(f)) return giveBack(f, p, now);
  if (isOff(f, p) && isProven(f)) return { ...stay, stage: "cut" };
  if (f.stage === "cut" && f.reported !== "connected") return stay;
  if (!mayRetry(f, p, now)) return stay;
  if (hold === null) return { ...stay, stage: "cut_due", control: "disconnect", event: "cut_due" };
  return { ...giveBack(f, p, now), held: hold };
}

function giveBack(f: SupplyFacts, p: PrepaidPolicy, now: Instant): Decision {
  const neverLeft = f.open?.action === "disconnect" && f.open.state === "queued" && f.reported === "connected";
  if (neverLeft)
    return { ...levelOf({ ...f, open: null, desired: "connected" }, p, now), withdraw: true, event: "cut_withdrawn" };
  return { stage: "reconnect_due", desired: "connected", warned2At: null, control: "connect", event: "reconnect_due" };
}

/** Supply should flow: bring it there first, then look at the money. */
function decideOn(f: SupplyFacts, p: PrepaidPolicy, now: Instant): Decision {
  const stay = { stage: f.stage, desired: f.desired, warned2At: f.warned2At };
  if (f.open !== null) return stay;
  const off = isOff(f, p);
  const unsure = (f.stage === "unknown" || RECONNECTING.has(f.stage)) && !(f.reported === "connected" && isProven(f));
  if (!off && !unsure) return levelOf(f, p, now);
  if (!mayRetry(f, p, now)) return stay;
  return { ...stay, stage: "reconnect_due", control: "connect", event: "reconnect_due" };
}

/** Where the money stands, with supply flowing. */
function levelOf(f: SupplyFacts, p: PrepaidPolicy, now: Instant): Decision {
  const desired = "connected";
  if (f.available === null) {
    const stage = RANK[f.stage] === undefined ? "normal" : f.stage;
    return {
      stage,
      desired,
      warned2At: f.warned2At,
      ...(stage === "cut_due" ? { held: "balance_unknown" as const } : {}),
    };
  }
  const { minor } = f.available;
  const most = atMost(f) ?? minor;
  if (minor > minorOf(p, p.warn1)) {
    return {
      stage: "normal",
      desired,
      warned2At: null,
      ...((RANK[f.stage] ?? 0) > 0 ? { event: "recovered" as const } : {}),
    };
  }
  if (minor > minorOf(p, p.warn2)) return warned(f, "warned_1", null);
  if (most >= cutLimitOf(f, p) || f.warned2At === null) return warned(f, "warned_2", f.warned2At ?? now);
  const held = holdOf(f, p, now);
  if (held === null)
    return {
      stage: "cut_due",
      desired: "disconnected",
      warned2At: f.warned2At,
      control: "disconnect",
      event: "cut_due",
    };
  if (held === "notice_running" || held === "notice_not_served") {
    const told = warned(f, "warned_2", f.warned2At);
    const isNews = held !== f.held && held === "notice_not_served" && told.event === undefined;
    return { ...told, held, ...(isNews ? { event: "cut_held" as const } : {}) };
  }
  const stage = "cut_due";
  if (held === "second_notice" && !isSecondNoticeFresh(f, now))
    return { stage, desired, warned2At: f.warned2At, held, event: "second_notice", givesSecondNotice: true };
  const isNews = held !== f.held && held !== "second_notice";
  return { stage, desired, warned2At: f.warned2At, held, ...(isNews ? { event: "cut_held" as const } : {}) };
}

/** Stages with supply flowing, from well to worse. */
const RANK: Partial<Record<SupplyStage, number>> = {
  normal: 0,
  warned_1: 1,
  warned_2: 2,
  notice_served: 3,
  cut_due: 4,
};
const RECONNECTING: ReadonlySet<SupplyStage> = new Set(["reconnect_due", "reconnect_sent", "close_permitted"]);

/** The customer's edge of what is available, in minor units. */
const atMost = ({ available, band }: SupplyFacts): bigint | null =>
  available === null ? null : available.minor + (band?.minor ?? 0n);

function warned(f: SupplyFacts, stage: "warned_1" | "warned_2", warned2At: Instant | null): Decision {
  const isWorse = stage === "warned_2" ? f.warned2At === null : (RANK[f.stage] ?? 0) < 1;
  const stay = { desired: "connected" as const, warned2At };
  if (isWorse) return { ...stay, stage, event: stage };
  if (stage === "warned_1" || f.noticeServedAt === null) return { ...stay, stage };
  const isNews = f.stage === "normal" || f.stage === "warned_1" || f.stage === "warned_2";
  return { ...stay, stage: "notice_served", ...(isNews ? { event: "notice_served" as const } : {}) };
}

/** From where on supply comes back without an order that stands in the way: the close-permit balance, where the policy has one. */
const givesBack = ({ emergency }: SupplyFacts, p: PrepaidPolicy, most: bigint): boolean => {
  const lower = emergency?.amount.minor ?? 0n;
  return p.closePermitFrom === undefined
    ? most > minorOf(p, p.reconnectAbove) - lower
    : most >= minorOf(p, p.closePermitFrom) - lower;
};

/** Below this a cut is due, in minor units: the policy's limit, lower by what was taken as emergency credit. */
export const cutLimitOf = ({ emergency }: Pick<SupplyFacts, "emergency">, p: PrepaidPolicy): bigint =>
  minorOf(p, p.cutBelow) - (emergency?.amount.minor ?? 0n);

/** A credit after the taking has brought the balance back above the policy's own limit: repaid first, as any debt of supply. */
export const isEmergencyRepaid = (f: SupplyFacts, p: PrepaidPolicy): boolean =>
  f.emergency !== null &&
  f.lastCreditAt !== null &&
  f.lastCreditAt > f.emergency.takenAt &&
  (f.available?.minor ?? 0n) >= minorOf(p, p.cutBelow) &&
  f.available !== null;

/** A trickle is off for a policy that cuts by one. */
const isOff = (f: SupplyFacts, p: PrepaidPolicy): boolean =>
  f.reported === "disconnected" || (f.reported === "limited" && p.cutBy === "trickle");

/** The reported position is younger than any order that ended without proof. */
const isProven = (f: SupplyFacts): boolean =>
  f.reportedAt !== null && (f.lastUnknownAt === null || f.reportedAt > f.lastUnknownAt);

const mayRetry = (f: SupplyFacts, p: PrepaidPolicy, now: Instant): boolean =>
  f.lastUnknownAt === null || now - f.lastUnknownAt >= p.order.unknownRetryMinutes * MINUTE_MS;

export function minorOf(policy: PrepaidPolicy, text: DecimalText): bigint {
  const amount = moneyOfText(policy.currency, text);
  if (amount === null) throw new TypeError(`policy ${policy.id}: not an amount of ${policy.currency}: ${text}`);
  return amount.minor;
}

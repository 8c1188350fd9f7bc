import { type Instant, instant } from "../../domain/instant.ts";
import type { PollGroup } from "../../domain/profile.ts";
import { type Breaker, CLOSED } from "./breaker.ts";
import { spoilsTheStream } from "./link.ts";
import { nextSlot, offsetMs, type Plan, planOf, smallestBlock } from "./plan.ts";
import type { ReadRequest, Refused } from "./request.ts";
import type { PolledMeter } from "./sink.ts";

/** One slave on the bus and how it has behaved lately. */
export type Unit = {
  readonly meter: PolledMeter;
  /** A turn is under way: nobody else asks this unit. */
  busy: boolean;
  breaker: Breaker;
  /** Requests in a row that ended with the connection. */
  drops: number;
  /** The one smallest request that is asked while the breaker is open; `null` when the profile has nothing to read. */
  readonly probe: ReadRequest | null;
  lastHeardAt: Instant | null;
  lastRefusal: Refused | null;
};

/** One poll group of one unit: when it is due and how it stands. */
export type Task = {
  readonly unit: Unit;
  readonly group: PollGroup;
  readonly plan: Plan;
  readonly requests: readonly ReadRequest[];
  /** 0: again as soon as it is done. */
  readonly intervalMs: number;
  readonly offset: number;
  /** The slot that is owed. */
  dueAt: Instant;
  queued: boolean;
  running: boolean;
  attempts: number;
  lastRefusal: Refused | null;
};

export function unitOf(meter: PolledMeter): Unit {
  const block = smallestBlock(meter.profile);
  return {
    meter,
    busy: false,
    breaker: CLOSED,
    drops: 0,
    probe: block === null ? null : { kind: "read", unitId: meter.unitId, ...block },
    lastHeardAt: null,
    lastRefusal: null,
  };
}

/** Its next answer may take the connection with it: nothing else is under way meanwhile, so that it hurts nobody. */
export const isSuspect = ({ drops, breaker, lastRefusal }: Unit): boolean =>
  drops > 0 ||
  (breaker.failures > 0 && lastRefusal !== null && lastRefusal.reason !== "timeout" && spoilsTheStream(lastRefusal));

/** `null` when the profile has nothing in the group. The newest slot is owed at once: a start does not wait for an interval. */
export function taskOf(
  unit: Unit,
  group: PollGroup,
  intervalMs: number,
  place: number,
  places: number,
  now: Instant,
): Task | null {
  const plan = planOf(unit.meter.profile, group);
  if (plan.blocks.length === 0) return null;
  const offset = offsetMs(place, places, group, intervalMs);
  const dueAt = intervalMs === 0 ? now : instant(nextSlot(now, intervalMs, offset) - intervalMs);
  const requests = requestsOf(unit.meter.unitId, plan);
  return {
    unit,
    group,
    plan,
    requests,
    intervalMs,
    offset,
    dueAt,
    queued: false,
    running: false,
    attempts: 0,
    lastRefusal: null,
  };
}

export const requestsOf = (unitId: number, plan: Plan): ReadRequest[] =>
  plan.blocks.map((block) => ({ kind: "read", unitId, ...block }));

/** Slots that passed unserved, now that the next one is due: they are lost, and the newest is owed. `null` when none passed. */
export function missed(task: Task, now: Instant): { from: Instant; until: Instant } | null {
  if (task.intervalMs === 0 || now < task.dueAt + task.intervalMs) {
    // A clock that was set back must not silence a meter until it has caught up.
    if (task.intervalMs > 0 && task.dueAt - now > task.intervalMs) task.dueAt = slotAfter(task, now);
    return null;
  }
  const from = task.dueAt;
  task.dueAt = instant(nextSlot(now, task.intervalMs, task.offset) - task.intervalMs);
  return { from, until: task.dueAt };
}

/** The slot is done with, well or badly. `null` when none was owed: a slave that has come back is asked beside its schedule. */
export function settleSlot(task: Task, now: Instant): { from: Instant; until: Instant } | null {
  if (now < task.dueAt) return null;
  const from = task.dueAt;
  task.dueAt = task.intervalMs === 0 ? now : instant(task.dueAt + task.intervalMs);
  return { from, until: task.dueAt };
}

const slotAfter = (task: Task, now: Instant): Instant => instant(nextSlot(now, task.intervalMs, task.offset));

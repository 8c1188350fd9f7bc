import type { Instant } from "../../domain/instant.ts";
import type { ModbusControl, ModbusWrite } from "../../domain/profile.ts";
import type { ControlAction } from "../../domain/supply.ts";
import {
  type CommandRefusal,
  commandFor,
  type CutWay,
  isSupplyCommand,
  proofOf,
  type SupplyCommand,
} from "../../domain/supply-command.ts";
import { SUPPLY_STATES, type SupplyState } from "../../domain/register.ts";
import { decodeWords, type WordBlock } from "../decode/words.ts";
import { type Plan, planOfRegister } from "./plan.ts";
import type { ReadRequest, Refused } from "./request.ts";
import { requestsOf, type Unit } from "./task.ts";

/** An intent of the outbox, which the profile turns into a command, or a command itself. `percent`: for a valve's opening. */
export type Wish = ControlAction | SupplyCommand;
export type WishDetail = { readonly cut?: CutWay; readonly percent?: number };

/** Only `confirmed` means that the supply stands as ordered: the state register said so after the write. */
export type ControlOutcome =
  | { readonly kind: "confirmed"; readonly state: SupplyState; readonly at: Instant }
  /** A command that no position proves: the meter acknowledged it, and stood so afterwards. */
  | { readonly kind: "accepted"; readonly state: SupplyState | null }
  /** Written, or perhaps written, and the state has not followed in time: unknown. */
  | { readonly kind: "unconfirmed"; readonly state: SupplyState | null; readonly detail: string }
  /** Surely not carried out. */
  | {
      readonly kind: "refused";
      readonly reason: Refused["reason"] | CommandRefusal;
      readonly detail: string;
    };

/** An order on its way: written once, then proved by reading back. */
export type Order = {
  readonly unit: Unit;
  readonly command: SupplyCommand;
  readonly write: ModbusWrite;
  readonly proof: Plan;
  readonly proofRequests: readonly ReadRequest[];
  readonly outcome: Promise<ControlOutcome>;
  readonly settle: (outcome: ControlOutcome) => void;
  /** Bytes of the write may have reached the slave: from here on it is read back and never written again. */
  written: boolean;
  /** The meter answered the write. */
  acknowledged: boolean;
  tries: number;
  lastState: SupplyState | null;
  lastRefusal: Refused | null;
};

/** The command of a wish as this control says it, or what stands against it. */
export function sayingOf(
  control: ModbusControl | undefined,
  wish: Wish,
  { cut, percent }: WishDetail,
): { readonly command: SupplyCommand; readonly write: ModbusWrite } | { readonly missing: string } {
  const command = isSupplyCommand(wish) ? wish : control === undefined ? null : commandFor(wish, control, cut);
  const said = command === null ? undefined : control?.commands[command];
  if (command === null || said === undefined) return { missing: `this profile does not know ${command ?? wish}` };
  const { functionCode, address, words, percentAt } = said;
  if (percentAt === undefined || percent === undefined) return { command, write: { functionCode, address, words } };
  if (!Number.isInteger(percent) || percent < 1 || percent > 100)
    return { missing: `${command} takes an opening of 1 to 100 percent, not ${percent}` };
  return { command, write: { functionCode, address, words: words.with(percentAt, percent) } };
}

export function orderOf(
  unit: Unit,
  control: ModbusControl,
  { command, write }: { command: SupplyCommand; write: ModbusWrite },
): Order {
  const { promise: outcome, resolve: settle } = Promise.withResolvers<ControlOutcome>();
  const proof = planOfRegister(unit.meter.profile, control.readBack);
  const proofRequests = requestsOf(unit.meter.unitId, proof);
  const common = { written: false, acknowledged: false, tries: 0, lastState: null, lastRefusal: null };
  return { unit, command, write, proof, proofRequests, outcome, settle, ...common };
}

/** The position that the read-back words show; `null` when they show none. */
export function stateShown(order: Order, blocks: readonly WordBlock[]): SupplyState | null {
  const decoded = decodeWords(order.proof.profile, blocks);
  if (decoded.kind === "refused") return null;
  const value = decoded.messages[0]?.samples[0]?.value;
  const found = Object.entries(SUPPLY_STATES).find(([, code]) => code === value);
  return found === undefined ? null : (found[0] as SupplyState);
}

export const fulfils = (command: SupplyCommand, state: SupplyState | null): boolean =>
  state !== null && state === proofOf(command);

/** A relay moves at once, a valve takes up to half a minute: asked soon, then less often. */
export const readBackPauseMs = (tries: number): number => Math.min(200 * 2 ** tries, 2000);

/** Why an order is given up. */
export function givenUp(order: Order): ControlOutcome {
  const last = order.lastRefusal;
  const detail =
    last === null ? `the state is still ${order.lastState ?? "unknown"}` : `${last.reason}: ${last.detail}`;
  return order.written
    ? { kind: "unconfirmed", state: order.lastState, detail }
    : {
        kind: "refused",
        reason: last?.reason ?? "link_down",
        detail: last === null ? "the bus could not be reached" : detail,
      };
}

/** The gateway answers for a slave that did not: 10 path unavailable, 11 target failed to respond. */
export const isUnreachable = (refusal: Refused): boolean => refusal.payload[2] === 10 || refusal.payload[2] === 11;

/** An exception of the slave itself: it lives, and asking again will not change its answer. */
export const isAlive = (refusal: Refused): boolean => refusal.reason === "exception_reply" && !isUnreachable(refusal);

export const refusedOrder = (
  reason: (ControlOutcome & { kind: "refused" })["reason"],
  detail: string,
): ControlOutcome => ({
  kind: "refused",
  reason,
  detail,
});

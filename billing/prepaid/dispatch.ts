import { sql, type Transaction } from "kysely";
import { CLOSED_BY_PRESS } from "../../catalog/meters/catalogue.ts";
import { type Instant, instant, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId, MeterId, OperatorId } from "../../domain/reading.ts";
import type { ControlAction, SupplyStage } from "../../domain/supply.ts";
import type { CutWay } from "../../domain/supply-command.ts";
import {
  addSupplyEvent,
  cancelControl,
  claimReconnection,
  type DueControl,
  dueControls,
  giveUpControl,
  markSent,
  noteControl,
  type OpenControl,
  permitClosing,
  postponeControl,
  readControl,
} from "../../ledger/controls.ts";
import type { Tables } from "../../schema/tables.ts";
import { openWorkOrder } from "../../ledger/work-orders.ts";
import { atMost } from "./at-most.ts";
import { certifyCut } from "./certificate.ts";
import type { PrepaidDeps } from "./engine.ts";
import { type KnownSupply, readFacts } from "./facts.ts";
import { rememberedPolicies } from "./policies.ts";
import { remembered } from "./remembered.ts";
import { type Told, review } from "./review.ts";

/** What the wire said: `sent` = handed over or acknowledged; `refused` = the meter said no; `unreachable` = nobody there. */
export type SendOutcome = "sent" | "refused" | "unreachable";
export type SendControl = (
  operatorId: OperatorId,
  meterId: MeterId,
  action: ControlAction,
  detail: { readonly cut: CutWay },
) => Promise<SendOutcome>;

export type Dispatcher = {
  /**
   * One turn over all operators' outboxes: connects before disconnects, guards looked at again. Resolves when the orders
   * that it took are on their wires or could not be sent. To be called while a turn runs, too: a slow wire of one
   * meter must not keep another in the dark. The shell calls it every second or so, and at once when an order was queued.
   */
  turn(): Promise<void>;
  /** Resolves when no turn runs. */
  idle(): Promise<void>;
};

/** Orders taken from one outbox per turn. */
const TURN_MAX = 200;
/** Claimed at a time: a wave of orders leaves connections for payments. Cuts wait for each other in any case. */
const CONNECTS_AT_ONCE = 4;
/** First pause after nobody answered; doubled at each further sending. Our choice. */
const UNREACHABLE_PAUSE_MS = 10 * SECOND_MS;
/** A customer who is away presses when he is home again. Our choice. */
const PRESS_WITHIN_MINUTES = 24 * 60;
/** For an order that belongs to no prepaid account. */
const ORDER_RULES: PrepaidPolicy["order"] = { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 };

type Deps = PrepaidDeps & {
  readonly send: SendControl;
  /** How often an order is sent and how long its proof is waited for; `null` = it belongs to no policy. */
  rulesOf(order: DueControl): Promise<PrepaidPolicy["order"] | null>;
  closesByPress(order: DueControl): Promise<boolean>;
};

export function controlDispatcher(given: PrepaidDeps & { readonly send: SendControl }): Dispatcher {
  const policyOf = rememberedPolicies(given);
  const pressed = pressedMeters(given);
  const rulesOf: Deps["rulesOf"] = async ({ policyId, ...order }) =>
    policyId === null ? null : ((await policyOf({ ...order, policyId }))?.order ?? null);
  const closesByPress: Deps["closesByPress"] = async ({ operatorId, meterId }) =>
    (await pressed(operatorId)).has(meterId);
  const deps: Deps = { ...given, rulesOf, closesByPress };
  // A meter has one order on its way at a time: a late cut never overtakes a reconnection.
  const underway = new Set<string>();
  const claims = { connect: atMost(CONNECTS_AT_ONCE), disconnect: atMost(1) };
  const sendOne = async (control: DueControl): Promise<void> => {
    const key = `${control.operatorId}/${control.meterId}`;
    if (underway.has(key)) return;
    underway.add(key);
    try {
      const claimed = await claims[control.action](() => claim(deps, control));
      if (claimed !== null) await dispatch(deps, control, claimed);
    } catch (error) {
      deps.log?.error(
        { err: error, control: String(control.id) },
        "an order could not be handled; the next turn tries again",
      );
    } finally {
      underway.delete(key);
    }
  };
  const turns = new Set<Promise<void>>();
  const turn = async (): Promise<void> => {
    const due = await dueControls(deps.db, deps.clock.now(), TURN_MAX);
    await Promise.all(
      Map.groupBy(due, ({ operatorId }) => operatorId)
        .values()
        .map(outbox),
    );
  };
  // Operators do not wait for each other's wires.
  const outbox = async (due: readonly DueControl[]): Promise<void> => {
    for (const action of ["connect", "disconnect"] as const)
      await Promise.all(due.filter((one) => one.action === action).map(sendOne));
  };
  return {
    turn: () => {
      const running = turn().finally(() => turns.delete(running));
      turns.add(running);
      return running;
    },
    idle: async () => {
      await Promise.allSettled(turns);
    },
  };
}

async function dispatch(deps: Deps, control: DueControl, claimed: Claimed): Promise<void> {
  const { db, clock, telemetry, send } = deps;
  const { action, operatorId, meterId, cut } = control;
  const outcome = await send(operatorId, meterId, action, { cut }).catch((error: unknown): SendOutcome => {
    deps.log?.warn({ err: error, meter: String(meterId) }, "an order failed on the wire");
    return "unreachable";
  });
  telemetry.count("sanbiao_commands_total", { action, state: outcome });
  if (outcome === "sent") {
    if (action === "connect") await permitted(deps, control);
    return;
  }
  const pause = UNREACHABLE_PAUSE_MS * 2 ** (claimed.attempts - 1);
  const told = await db.as(operatorId, async (trx): Promise<Told[]> => {
    if (outcome === "unreachable") {
      await postponeControl(
        trx,
        control.id,
        instant(clock.now() + Math.min(pause, claimed.pause_ms)),
        "nobody answered",
      );
      return [];
    }
    await noteControl(trx, control.id, "the meter refused the order");
    return [await event(trx, control, "order_refused", clock.now(), {})];
  });
  tell(deps, control, told);
}

/** A meter that closes only by its customer's press now waits for it: the permission is given anew from time to time. */
async function permitted(deps: Deps, control: DueControl): Promise<void> {
  if (!(await deps.closesByPress(control))) return;
  const { attemptsMax, pressWithinMinutes = PRESS_WITHIN_MINUTES } = (await deps.rulesOf(control)) ?? ORDER_RULES;
  const now = deps.clock.now();
  const again = instant(now + Math.ceil((pressWithinMinutes * MINUTE_MS) / attemptsMax));
  const told = await deps.db.as(control.operatorId, async (trx): Promise<Told[]> => {
    const isFirst = await permitClosing(trx, control, again);
    return isFirst ? [await event(trx, control, "close_permitted", now, {})] : [];
  });
  tell(deps, control, told);
}

/** Meters that close only when their customer presses the button. */
const pressedMeters = ({ db, clock }: PrepaidDeps) =>
  remembered(clock, async (operatorId) => {
    const { rows } = await db.as(operatorId, (trx) =>
      sql<{ id: MeterId }>`
        select id from sanbiao.meter where operator_id = sanbiao.operator_id() and profile_id = any(${[...CLOSED_BY_PRESS]}::text[])`.execute(
        trx,
      ),
    );
    return new Set(rows.map((row) => row.id));
  });

/** This sending's number, from 1, and until when its proof is waited for. */
type Claimed = { readonly attempts: number; readonly pause_ms: number };

const claimedAs = (attempts: number, rules: PrepaidPolicy["order"]): Claimed => ({
  attempts,
  pause_ms: rules.proofWithinSeconds * SECOND_MS * 2 ** (attempts - 1),
});

/** Decides once more whether the order may leave, and marks it sent before it does: what may be on the wire is known. `null` = it does not leave. */
async function claim(deps: Deps, control: DueControl): Promise<Claimed | null> {
  if (control.action === "connect") return claimConnect(deps, control);
  const { claimed, told } = await deps.db.as(control.operatorId, (trx) =>
    claimCut(trx, deps, control, deps.clock.now()),
  );
  tell(deps, control, told);
  return claimed;
}

/** Giving supply back asks for no reason: it is not priced, only locked. */
async function claimConnect(deps: Deps, control: DueControl): Promise<Claimed | null> {
  const { db, clock } = deps;
  const now = clock.now();
  const rules = (await deps.rulesOf(control)) ?? ORDER_RULES;
  const { outcome, attempt } = await claimReconnection(db, control, rules, now);
  if (outcome === "exhausted") {
    const note = `no proof after ${attempt} sendings, or nobody pressed the meter's button`;
    tell(deps, control, await db.as(control.operatorId, (trx) => giveUp(trx, control, now, note)));
  }
  if (outcome !== "claimed" || attempt === null) return null;
  const detail = { control: String(control.id), action: control.action };
  if (attempt === 1) tell(deps, control, [{ kind: "reconnect_sent", detail }]);
  return claimedAs(attempt, rules);
}

async function claimCut(
  trx: Transaction<Tables>,
  deps: Deps,
  stale: OpenControl,
  now: Instant,
): Promise<{ claimed: Claimed | null; told: Told[] }> {
  // Cuts of one operator are decided one after the other: the hourly cap counts what the last one sent.
  await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.cut', sanbiao.operator_id()))`.execute(trx);
  const supply = stale.accountId === null ? null : await readFacts(trx, stale.accountId, deps, now);
  const control = await readControl(trx, stale.id); // after the supply's lock, as every writer does
  if (control === null) return { claimed: null, told: [] };
  const policy = supply?.policy ?? null;
  const rules = policy?.order ?? ORDER_RULES;
  if (control.attempts >= rules.attemptsMax) {
    const note = `no proof after ${control.attempts} sendings`;
    return { claimed: null, told: await giveUp(trx, control, now, note) };
  }
  const refused = await mayCut(trx, deps, { control, supply, policy, now });
  if (refused !== null) return { claimed: null, told: refused };
  const { pause_ms } = claimedAs(control.attempts + 1, rules);
  const sent = await markSent(trx, control.id, now, instant(now + pause_ms));
  if (sent === null) return { claimed: null, told: [] };
  await setStage(trx, control, "cut_sent");
  const told = sent.attempts === 1 ? [await event(trx, control, "cut_sent", now, {})] : [];
  return { claimed: { attempts: sent.attempts, pause_ms }, told };
}

/** The last look before an order to cut leaves, and its certificate. `null` = it may; else what was told instead. */
async function mayCut(
  trx: Transaction<Tables>,
  deps: Deps,
  known: { control: OpenControl; supply: KnownSupply | null; policy: PrepaidPolicy | null; now: Instant },
): Promise<Told[] | null> {
  const { control, supply, policy, now } = known;
  const { accountId } = control;
  if (supply === null || accountId === null || supply.meterId !== control.meterId) {
    await cancelControl(trx, control.id, "withdrawn: no prepaid supply that it could be proven for", now);
    return [];
  }
  if (policy === null) return [];
  if (control.expiresAt === null || now >= control.expiresAt) return outOfDate(trx, deps, control, accountId, now);
  const { decision, told } = await review(trx, supply, policy, now);
  if (decision.desired !== "disconnected") return told;
  await certifyCut(trx, { ...control, accountId }, supply, policy, now);
  return null;
}

/** Too old to be sent. One that never left is decided anew at once; one that may have left ends unknown. */
async function outOfDate(
  trx: Transaction<Tables>,
  deps: Deps,
  control: OpenControl,
  accountId: AccountId,
  now: Instant,
): Promise<Told[]> {
  if (control.state === "sent") return giveUp(trx, control, now, "no proof before the order expired");
  await cancelControl(trx, control.id, "expired before it could leave", now);
  await sql`update sanbiao.supply set state = 'cut_due', desired = 'connected'
             where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
  const supply = await readFacts(trx, accountId, deps, now);
  const policy = supply?.policy ?? null;
  return supply === null || policy === null ? [] : (await review(trx, supply, policy, now)).told;
}

async function giveUp(trx: Transaction<Tables>, control: OpenControl, now: Instant, note: string): Promise<Told[]> {
  if (!(await giveUpControl(trx, control.id, now, note))) return [];
  const { id: controlId, meterId, accountId } = control;
  await openWorkOrder(trx, { controlId, meterId, accountId, why: note, now });
  await setStage(trx, control, "unknown");
  return [await event(trx, control, "order_unknown", now, { note })];
}

const setStage = async (trx: Transaction<Tables>, { accountId }: OpenControl, stage: SupplyStage): Promise<void> => {
  if (accountId === null) return;
  await sql`update sanbiao.supply set state = ${stage}
             where operator_id = sanbiao.operator_id() and account_id = ${accountId}`.execute(trx);
};

async function event(
  trx: Transaction<Tables>,
  control: OpenControl,
  kind: Told["kind"],
  at: Instant,
  more: Record<string, string>,
): Promise<Told> {
  const detail = { control: String(control.id), action: control.action, ...more };
  if (control.accountId !== null) await addSupplyEvent(trx, { accountId: control.accountId, at, kind, detail });
  return { kind, detail };
}

function tell(deps: Deps, { operatorId, accountId }: DueControl, told: readonly Told[]): void {
  if (accountId === null) return;
  for (const one of told) deps.onEvent?.({ operatorId, accountId, at: deps.clock.now(), ...one });
}

import { sql, type Transaction } from "kysely";
import { type Instant, instant, isoOf, SECOND_MS } from "../../domain/instant.ts";
import type { Zone } from "../../domain/period.ts";
import type { PrepaidPolicy } from "../../domain/policy.ts";
import type { AccountId, MeterId, OperatorId } from "../../domain/reading.ts";
import type { ControlAction, SupplyStage } from "../../domain/supply.ts";
import type { CutWay } from "../../domain/supply-command.ts";
import {
  addSupplyEvent,
  cancelControl,
  dueControls,
  giveUpControl,
  markSent,
  noteControl,
  type OpenControl,
  postponeControl,
  readControl,
} from "../../ledger/controls.ts";
import type { Tables } from "../../schema/tables.ts";
import { openWorkOrder } from "../../ledger/work-orders.ts";
import { certifyCut } from "./certificate.ts";
import type { PrepaidDeps } from "./engine.ts";
import { type KnownSupply, readFacts } from "./facts.ts";
import { policiesInForce } from "./policies.ts";
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
/** First pause after nobody answered; doubled at each further sending. Our choice. */
const UNREACHABLE_PAUSE_MS = 10 * SECOND_MS;
/** For an order that belongs to no prepaid account. */
const ORDER_RULES: PrepaidPolicy["order"] = { attemptsMax: 5, proofWithinSeconds: 60, unknownRetryMinutes: 15 };

type Deps = PrepaidDeps & { readonly send: SendControl };

export function controlDispatcher(deps: Deps): Dispatcher {
  // A meter has one order on its way at a time: a late cut never overtakes a reconnection.
  const underway = new Set<string>();
  const sendOne = async (operatorId: OperatorId, control: OpenControl): Promise<void> => {
    const key = `${operatorId}/${control.meterId}`;
    if (underway.has(key)) return;
    underway.add(key);
    try {
      await dispatch(deps, operatorId, control);
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
    const { rows } = await deps.db.pool.query<{ operator_id: bigint }>(
      "select operators_with_open_controls as operator_id from sanbiao.operators_with_open_controls()",
    );
    await Promise.all(rows.map(({ operator_id: operatorId }) => outbox(operatorId)));
  };
  // Operators do not wait for each other's wires.
  const outbox = async (operatorId: OperatorId): Promise<void> => {
    const due = await deps.db.as(operatorId, (trx) => dueControls(trx, deps.clock.now(), TURN_MAX));
    for (const action of ["connect", "disconnect"] as const) {
      await Promise.all(due.filter((one) => one.action === action).map((one) => sendOne(operatorId, one)));
    }
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

async function dispatch(deps: Deps, operatorId: OperatorId, control: OpenControl): Promise<void> {
  const { db, clock, telemetry, send } = deps;
  const claimed = await db.as(operatorId, (trx) => claim(trx, deps, control, clock.now()));
  tell(deps, operatorId, control, claimed.told);
  if (claimed.attempts === null) return;
  const { action, meterId, cut } = control;
  const outcome = await send(operatorId, meterId, action, { cut }).catch((error: unknown): SendOutcome => {
    deps.log?.warn({ err: error, meter: String(meterId) }, "an order failed on the wire");
    return "unreachable";
  });
  telemetry.count("sanbiao_commands_total", { action, state: outcome });
  if (outcome === "sent") return;
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
  tell(deps, operatorId, control, told);
}

type Claimed = { readonly attempts: number | null; readonly pause_ms: number; readonly told: Told[] };

/** Decides once more whether the order may leave, and marks it sent before it does: what may be on the wire is known. */
async function claim(trx: Transaction<Tables>, deps: Deps, stale: OpenControl, now: Instant): Promise<Claimed> {
  const leave = (told: Told[]): Claimed => ({ attempts: null, pause_ms: 0, told });
  // Cuts of one operator are decided one after the other: the hourly cap counts what the last one sent.
  if (stale.action === "disconnect") {
    await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.cut', sanbiao.operator_id()))`.execute(trx);
  }
  // Giving supply back asks for no reason: it is not priced, only locked.
  const { accountId } = stale;
  const isCut = stale.action === "disconnect" && accountId !== null;
  const supply = isCut ? await readFacts(trx, accountId, deps, now) : null;
  const policy = isCut ? (supply?.policy ?? null) : await lockedPolicyOf(trx, deps, accountId, now);
  const control = await readControl(trx, stale.id); // after the supply's lock, as every writer does
  if (control === null) return leave([]);
  const rules = policy?.order ?? ORDER_RULES;
  if (control.attempts >= rules.attemptsMax)
    return leave(await giveUp(trx, control, now, `no proof after ${control.attempts} sendings`));
  if (control.action === "disconnect") {
    const refused = await mayCut(trx, deps, { control, supply, policy, now });
    if (refused !== null) return leave(refused);
  }
  const pause_ms = rules.proofWithinSeconds * SECOND_MS * 2 ** control.attempts;
  const sent = await markSent(trx, control.id, now, instant(now + pause_ms));
  if (sent === null) return leave([]);
  const kind = control.action === "connect" ? "reconnect_sent" : "cut_sent";
  await setStage(trx, control, kind);
  const told = sent.attempts === 1 ? [await event(trx, control, kind, now, {})] : [];
  return { attempts: sent.attempts, pause_ms, told };
}

/** Locks an account's supply and tells its policy; `null` when it has none. */
async function lockedPolicyOf(
  trx: Transaction<Tables>,
  deps: Deps,
  accountId: AccountId | null,
  now: Instant,
): Promise<PrepaidPolicy | null> {
  const { rows } = await sql<{ policy_id: string; zone: Zone }>`
    select sanbiao.policy_of_supply(s.operator_id, s.account_id, s.policy_id, (${isoOf(now)}::timestamptz at time zone o.zone)::date) as policy_id,
           o.zone
      from sanbiao.supply s join sanbiao.operator o on o.operator_id = s.operator_id
     where s.operator_id = sanbiao.operator_id() and s.account_id = ${accountId} for update of s`.execute(trx);
  const row = rows[0];
  return row === undefined ? null : (await policiesInForce(trx, deps.policies, { zone: row.zone, now }))(row.policy_id);
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

function tell(deps: Deps, operatorId: OperatorId, { accountId }: OpenControl, told: readonly Told[]): void {
  if (accountId === null) return;
  for (const one of told) deps.onEvent?.({ operatorId, accountId, at: deps.clock.now(), ...one });
}

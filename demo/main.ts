import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { ensureChannel } from "../billing/channels.ts";
import { availableOf } from "../billing/prepaid/available.ts";
import type { BillRunDeps } from "../billing/run.ts";
import { GRACE_MS, wake } from "../billing/schedule.ts";
import { CodedError } from "../domain/errors.ts";
import { type Clock, DAY_MS, type Instant, instant, isoOf, instantOfIso } from "../domain/instant.ts";
import type { Sealer } from "../ledger/sealing.ts";
import { noteDrawer } from "../ledger/shifts.ts";
import type { Database } from "../schema/database.ts";
import { townClock } from "../simulators/town/clock.ts";
import { type RunningTown, startTown, type StartTownOptions } from "../simulators/town/start.ts";
import { seedByHand } from "./by-hand.ts";
import { seedDevices, townDeviceKey } from "./devices.ts";
import { type DemoPlan, demoPlan } from "./plan.ts";
import { runDownCredit } from "./run-down.ts";
import { type SeededOperator, seedDemo } from "./seed.ts";

export type DemoOptions = {
  /** Which town; a data folder keeps the one it began with. */
  readonly seed: number;
  /** Town seconds per real second. */
  readonly speed: number;
  /** Less history for tests: from this long before the first start; absent = since the month before, and two months at least. */
  readonly historyMs?: number;
  /** What goes wrong in the town since its first start; absent = nothing. */
  readonly faults?: NonNullable<StartTownOptions["faults"]>;
};

type OpenDemoOptions = DemoOptions & {
  readonly owner: Pool;
  readonly db: Database;
  /** Under which the devices' keys lie in the database. */
  readonly sealing: Sealer;
  readonly folder: string;
  readonly host: string;
  readonly log: Logger;
  readonly onProgress: (step: string, detail?: string) => void;
};

export type Demo = {
  readonly clock: Clock;
  readonly town: RunningTown;
  readonly plan: DemoPlan;
  /** History through the broker, bills of the months that are over, the last credit of the flat that runs out; then the devices go live. */
  fill(options: { readonly mqttUrl: string; readonly billing: BillRunDeps }): Promise<void>;
  /** Ends `fill` soon. */
  abort(): void;
  stop(): Promise<void>;
};

/** Two months, and a day before the oldest month that is billed. */
const HISTORY_MS = 63 * DAY_MS;

/** The shell of this room: an estate and a station that begin once and go on at the next start. */
export async function openDemo(options: OpenDemoOptions): Promise<Demo> {
  const { seed, speed, faults, owner, db, sealing, folder, host, log, onProgress } = options;
  const real = () => Date.now();
  const begun = await begin(folder, seed, instant(real()));
  const clock = townClock({
    anchorReal: instant(real()),
    anchorTown: await townNow(owner, speed, instant(real())),
    speed,
    real,
  });
  // The books open with the oldest month that can be billed today: a month that ended an hour ago still waits for its last readings.
  const plan = demoPlan({ seed, now: instant(begun.at - GRACE_MS) });
  const keyOf = townDeviceKey(begun.secret);
  onProgress("town", "48 flats, 20 homes and their gateways start");
  const town = await startTown({
    seed,
    clock,
    host,
    stateFile: join(folder, "town.json"),
    secret: begun.secret,
    devices: { secretsOf: (serial) => new Map([[1, keyOf(serial)]]) },
    ...(faults === undefined ? {} : { faults: { since: begun.at, ...faults } }),
    log,
  });
  const now = clock.now();
  const seeded = await seedDemo({ owner, db, plan, buses: town.buses, passwordOf: town.passwordOf, now });
  await seedByHand(db, plan, seeded, now);
  const operators = seeded.map(({ operatorId }) => operatorId);
  await seedDevices({ db, sealing, operators, meters: town.town.meters, secret: begun.secret, now });
  for (const { operatorId } of seeded) {
    await ensureChannel(db, operatorId, SANDBOX, now);
    await db.as(operatorId, async (trx) => {
      for (const drawer of DRAWERS) await noteDrawer(trx, drawer, { at: now, by: null });
    });
  }
  const aborted = new AbortController();
  return {
    clock,
    town,
    plan,
    abort: () => aborted.abort(),
    stop: () => town.stop(),
    async fill({ mqttUrl, billing }) {
      // A new book needs all the history, also when the town remembers an older one.
      const fresh = town.state.uploadedTo === null || seeded.some((operator) => operator.fresh);
      const historyMs = options.historyMs ?? HISTORY_MS;
      const from = fresh ? { from: instant(clock.now() - historyMs) } : {};
      const told = (progress: { readings: number; of: number }) =>
        onProgress("history", `${progress.readings} of ${progress.of} readings through the broker`);
      const { signal } = aborted;
      await town.uploadBacklog({ mqttUrl, ...from, onProgress: told, signal });
      onProgress("bills", "the months that are over");
      const results = await wake(billing, { stop: () => signal.aborted });
      onProgress("billed", `${results.reduce((sum, run) => sum + run.issued.length, 0)} bills issued`);
      await goLive({ db, plan, seeded, town, clock, billing }, mqttUrl);
    },
  };
}

/** What residents of the demo pay by: a page where the outcome is pressed, and no money. */
const SANDBOX = {
  code: "sandbox",
  title_zh: "沙箱支付（演示，不收真钱）",
  title_en: "Sandbox (for show, no real money)",
  kind: "sandbox",
  ledger_account: "wallet",
} as const;

const DRAWERS = [
  { code: "1", name: "前台 Front desk" },
  { code: "2", name: "侧窗 Side window" },
] as const;

type Live = {
  db: Database;
  plan: DemoPlan;
  seeded: readonly SeededOperator[];
  town: RunningTown;
  clock: Clock;
  billing: BillRunDeps;
};

async function goLive({ db, plan, seeded, town, clock, billing }: Live, mqttUrl: string): Promise<void> {
  const available = (operatorId: bigint, accountId: bigint) => availableOf(billing, operatorId, accountId);
  await runDownCredit({ db, plan, seeded, town, now: clock.now(), available });
  town.goLive(mqttUrl);
}

type Begun = { readonly seed: number; readonly at: Instant; readonly secret: string };

/** `demo.json`: which town this folder holds, since when, and what its devices' passwords are made from. */
async function begin(folder: string, seed: number, now: Instant): Promise<Begun> {
  const path = join(folder, "demo.json");
  const text = await readFile(path, "utf8").catch(() => null);
  if (text !== null) {
    const kept = JSON.parse(text) as { seed: number; at: string; secret: string };
    if (kept.seed !== seed) {
      throw new CodedError(
        "config.invalid",
        `The data folder ${folder} holds the town of seed ${kept.seed}, not ${seed}: use that seed or another folder (SANBIAO_DATA).`,
      );
    }
    return { ...kept, at: instantOfIso(kept.at) ?? now };
  }
  const begun = { seed, at: now, secret: randomBytes(24).toString("base64url") };
  await mkdir(folder, { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify({ ...begun, at: isoOf(now) }), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return begun;
}

/** A town that ran faster than the wall is ahead of it: it goes on where the book ends. */
async function townNow(owner: Pool, speed: number, now: Instant): Promise<Instant> {
  const { rows } = await owner.query<{ at: Instant | null }>("select max(measured_at) as at from reading");
  const last = rows[0]?.at ?? now;
  return speed === 1 && last <= now ? now : instant(Math.max(now, last + 1));
}

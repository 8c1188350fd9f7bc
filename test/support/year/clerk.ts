import { DAY_MS, type Instant, instantOfIso, isoOf, MINUTE_MS } from "../../../domain/instant.ts";
import type { Micro } from "../../../domain/quantity.ts";
import { RATIO_ONE } from "../../../domain/ratio.ts";
import type { RegisterName } from "../../../domain/register.ts";
import { writeEdits } from "../../../ledger/edits.ts";
import { installMeter, removeMeter } from "../../../ledger/meter-life.ts";
import type { Database } from "../../../schema/database.ts";
import type { Episode } from "../../../simulators/faults/book.ts";
import type { FaultName } from "../../../simulators/faults/catalogue.ts";
import { phaseOf } from "../../../simulators/town/devices.ts";
import type { Window } from "../../../simulators/town/load.ts";
import { drawn, type TownMeter } from "../../../simulators/town/meter.ts";
import { toldTime } from "../../../simulators/town/told.ts";
import { registerOf } from "./kept.ts";
import { EVERY_MS, type Year } from "./town.ts";

/** A reason why an account waits, as the run wrote it down. */
export type Doubt = {
  readonly operatorId: bigint;
  readonly account: string;
  readonly what: string;
  readonly meter: TownMeter;
  readonly from: Instant;
  readonly to: Instant;
};

const REGISTER: readonly [RegisterName, Window | undefined, number][] = [
  ["energy_import_kwh", undefined, 1],
  ["energy_import_peak_kwh", "peak", 4],
  ["energy_import_valley_kwh", "valley", 6],
];
/** Faults that change what a register says. */
const OF_VALUES: readonly FaultName[] = [
  "transient-zero",
  "sentinel-value",
  "clock-jump",
  "jump",
  "reversed-wiring",
  "rollover",
];
/** A clock that is off by this much moves what it says to another stretch. */
const AROUND_MS = 3 * DAY_MS;

export async function doubtsOf(year: Year): Promise<Doubt[]> {
  const { rows } = await year.owner.query<{ operator_id: bigint; number: string; detail: string }>(
    `select e.operator_id, a.number, e.detail from run_exception e
       join account a on a.operator_id = e.operator_id and a.id = e.account_id where e.settled_at is null order by e.run_id, a.id`,
  );
  const bySerial = new Map([...year.meterIds].map(([serial, id]) => [String(id), serial]));
  return rows.flatMap(({ operator_id: operatorId, number: account, detail }) =>
    detail.split("; ").flatMap((text): Doubt[] => {
      if (text.startsWith("no estimate: ")) return []; // why the reading that is missing is waited for

      const [, what = text, id = "", from = "", to = ""] =
        /^(\w+): meter (\d+)(?: \w+)? (\S+) \.\. (\S+)$/.exec(text) ?? [];
      const serial = bySerial.get(id);
      if (serial === undefined) throw new Error(`account ${account} waits for what nobody can read: ${text}`);
      const meter = year.town.meter(serial);
      return [{ operatorId, account, what, meter, from: at(from), to: at(to) }];
    }),
  );
}

const at = (iso: string): Instant => instantOfIso(iso) ?? (0 as Instant);

/** Does what a clerk would who went to the meter and saw: passes over what was wrong, and reads the dial anew where it stands elsewhere. */
export class Clerk {
  readonly #year: Year;
  readonly #rebased = new Map<string, Instant>();
  #keys = 0;
  /** What he did, in order, so that it can be done again elsewhere. */
  readonly deeds: ((db: Database) => Promise<void>)[] = [];
  /** Faults that he dealt with, as `fault serial from`. */
  readonly settled = new Set<string>();

  constructor(year: Year) {
    this.#year = year;
  }

  /** Faults that explain the doubt, settled as far as they can be now. */
  async settle(doubt: Doubt): Promise<readonly Episode[]> {
    const { town, now } = this.#year;
    const period = { from: (doubt.from - AROUND_MS) as Instant, to: Math.min(doubt.to + AROUND_MS, now) as Instant };
    const episodes = town.state.faults.between([doubt.meter], period);
    // A reading that has not come is waited for; only what came and cannot be true is his work.
    if (!doubt.what.startsWith("no_reading"))
      for (const episode of episodes.filter(({ fault }) => OF_VALUES.includes(fault)))
        await this.#settleEpisode(doubt, episode);
    return episodes;
  }

  async #settleEpisode(doubt: Doubt, episode: Episode): Promise<void> {
    const { meter } = doubt;
    this.settled.add(`${episode.fault} ${meter.serial} ${episode.from}`);
    switch (episode.fault) {
      case "transient-zero":
      case "sentinel-value":
        return this.#passOver(doubt, await this.#readings(meter, episode.from, episode.to));
      case "clock-jump": {
        const off = toldTime(meter, this.#year.town.state, episode.from) - episode.from;
        const told = await this.#readings(meter, (episode.from + off - 2000) as Instant, (episode.to + off) as Instant);
        return this.#passOver(
          doubt,
          told.filter((reading) => !isOnGrid(meter, reading.at)),
        );
      }
      default:
        return this.#readAnew(doubt, episode);
    }
  }

  /** The register stands elsewhere since the fault: its stay ends with what it should show, and begins with what it shows. */
  async #readAnew(doubt: Doubt, episode: Episode): Promise<void> {
    const { meter, operatorId } = doubt;
    const key = `${episode.fault} ${meter.serial} ${episode.from}`;
    const year = this.#year;
    const { state } = year.town;
    const readings = await this.#readings(meter, 0 as Instant, year.now);
    const before = readings.findLast((r) => r.at <= episode.from && !r.passedOver && this.#isSound(meter, r.at));
    const known = this.#rebased.get(key);
    const after =
      known ?? readings.find((r) => r.at > episode.from && r.at >= episode.to && this.#isSound(meter, r.at))?.at;
    if (before === undefined || after === undefined) return;
    await this.#passOver(
      doubt,
      readings.filter((r) => r.at > episode.from && r.at < after && r.at > before.at),
    );
    if (known !== undefined) return;
    const changed = (after - 1) as Instant; // so that the reading itself is the new stay's
    const meterId = year.meterIds.get(meter.serial) ?? 0n;
    const [final, initial] = [new Map<RegisterName, Micro>(), new Map<RegisterName, Micro>()];
    for (const [register, window] of registersOf(meter)) {
      const [low, high] = await Promise.all([
        this.#valueAt(meter, register, before.at),
        this.#valueAt(meter, register, after),
      ]);
      if (low === null || high === null) continue;
      final.set(register, low + BigInt(drawn(meter, state, after, window) - drawn(meter, state, before.at, window)));
      initial.set(register, high);
    }
    const deed = { reason: `the dial was read anew after ${episode.fault}`, by: null, now: year.now };
    const { rows } = await year.owner.query<{ usage_point_id: bigint; capacity_per_hour: string }>(
      "select usage_point_id, capacity_per_hour from installation where meter_id = $1 and removed_at is null",
      [meterId],
    );
    const [stay] = rows;
    if (stay === undefined) throw new Error(`${meter.serial} stands nowhere`);
    const { usage_point_id: usagePointId, capacity_per_hour: capacityPerHour } = stay;
    const install = { meterId, usagePointId, at: changed, ratio: RATIO_ONE, capacityPerHour, initial };
    await this.#does(async (db) => {
      const outcomes = await db.as(operatorId, async (trx) => [
        await removeMeter(trx, { ...deed, key: `${key} off` }, { meterId, at: changed, final }),
        await installMeter(trx, { ...deed, key: `${key} on` }, install),
      ]);
      for (const outcome of outcomes)
        if (outcome.kind === "refused") throw new Error(`${key}: ${outcome.reason} ${outcome.detail}`);
    });
    this.#rebased.set(key, after);
  }

  /** Nothing else is wrong with what the meter says at the time. */
  #isSound(meter: TownMeter, when: Instant): boolean {
    const { faults } = this.#year.town.state;
    if (!isOnGrid(meter, when, DRIFT_MS)) return false;
    return (["transient-zero", "sentinel-value", "stuck-register", "clock-jump", "reversed-wiring"] as const).every(
      (fault) => faults.at(fault, meter, when) === null,
    );
  }

  async #passOver(doubt: Doubt, readings: readonly { at: Instant; passedOver: boolean }[]): Promise<void> {
    const { meter, operatorId } = doubt;
    const meterId = this.#year.meterIds.get(meter.serial) ?? 0n;
    const edits = readings
      .filter(({ passedOver }) => !passedOver)
      .flatMap((reading) =>
        registersOf(meter).map(([register]) => ({
          meterId,
          register,
          at: reading.at,
          origin: "clerk" as const,
          says: { kind: "exclude" as const },
          reason: `not what the dial showed: ${doubt.what}`,
          key: `year/${++this.#keys}`,
          madeAt: this.#year.now,
        })),
      );
    if (edits.length === 0) return;
    await this.#does((db) => db.as(operatorId, async (trx) => void (await writeEdits(trx, edits))));
  }

  async #does(deed: (db: Database) => Promise<void>): Promise<void> {
    this.deeds.push(deed);
    await deed(this.#year.fresh.db);
  }

  async #readings(
    meter: TownMeter,
    from: Instant,
    to: Instant,
  ): Promise<{ at: Instant; value: bigint; passedOver: boolean }[]> {
    const { rows } = await this.#year.owner.query<{ at: Instant; value: bigint; passed_over: boolean }>(
      `select r.measured_at as at, r.value, exists (select 1 from current_reading_edit e where e.meter_id = r.meter_id
          and e.register = r.register and e.measured_at = r.measured_at and e.kind = 'exclude') as passed_over
         from reading r where r.meter_id = $1 and r.register = $2 and r.measured_at between $3 and $4 order by 1`,
      [this.#year.meterIds.get(meter.serial), registerOf(meter.utility), isoOf(from), isoOf(to)],
    );
    return rows.map((row) => ({ at: row.at, value: row.value, passedOver: row.passed_over }));
  }

  async #valueAt(meter: TownMeter, register: RegisterName, when: Instant): Promise<bigint | null> {
    const code = REGISTER.find(([name]) => name === register)?.[2] ?? registerOf(meter.utility);
    const { rows } = await this.#year.owner.query<{ value: bigint }>(
      "select value from reading where meter_id = $1 and register = $2 and measured_at = $3",
      [this.#year.meterIds.get(meter.serial), code, isoOf(when)],
    );
    return rows[0]?.value ?? null;
  }
}

function registersOf(meter: TownMeter): readonly (readonly [RegisterName, Window | undefined])[] {
  if (meter.utility !== "electricity") return [["volume_m3", undefined]];
  return REGISTER.filter(([, window]) => window === undefined || meter.twoRate).map(([name, window]) => [name, window]);
}

/** A clock that only drifts is off by no more. */
const DRIFT_MS = 10 * MINUTE_MS;

/** A device speaks on its own grid: what lies elsewhere was stamped by a clock that was off. */
function isOnGrid(meter: TownMeter, when: Instant, off_ms = 0): boolean {
  if (meter.modbus !== null) return true;
  const every = EVERY_MS[meter.mqtt.dialect];
  const after = (when - phaseOf(meter, every)) % every;
  return Math.min(after, every - after) <= off_ms;
}

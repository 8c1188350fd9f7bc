import { DAY_MS, type Instant } from "../../../domain/instant.ts";
import type { Episode } from "../../../simulators/faults/book.ts";
import type { FaultName } from "../../../simulators/faults/catalogue.ts";
import { phaseOf } from "../../../simulators/town/devices.ts";
import type { TownMeter } from "../../../simulators/town/meter.ts";
import { dialEnd } from "../../../simulators/town/told.ts";
import type { Doubt } from "./clerk.ts";
import { EVERY_MS, type Year } from "./town.ts";

/** Faults that keep a reading from the book, or bring it late. */
const OF_ARRIVAL: readonly FaultName[] = [
  "crc-error",
  "swapped-reply",
  "late-reply",
  "exception-reply",
  "no-reply",
  "dropped-link",
  "sentinel-value",
  "clock-jump",
  "reordered-uplink",
  "delayed-uplink",
];
/** Faults that make a register say what is not so: each must be noticed. */
export const COSTLY: readonly FaultName[] = [
  "transient-zero",
  "sentinel-value",
  "rollover",
  "jump",
  "reversed-wiring",
  "clock-jump",
];

/** Whether one of the faults around it can be the reason for what the bill run doubted. */
export function isExplained(doubt: Doubt, episodes: readonly Episode[]): boolean {
  // A reading that the clerk passed over is missing until the next one comes.
  const kinds = doubt.what.startsWith("no_reading") ? [...OF_ARRIVAL, ...COSTLY] : COSTLY;
  return episodes.some(({ fault }) => kinds.includes(fault));
}

/** Episodes of costly faults that reached a reading and of which no verdict and no refusal tells. */
export async function unnoticed(
  year: Year,
  until: Instant,
  settled: ReadonlySet<string>,
): Promise<{ seen: number; missed: string[] }> {
  const { rows: verdicts } = await year.owner.query<{ meter_id: bigint; from_at: Instant; to_at: Instant }>(
    "select meter_id, from_at, to_at from verdict where result <> 'normal'",
  );
  const { rows: refusals } = await year.owner.query<{
    origin: string;
    address: string;
    received_at: Instant;
    last_at: Instant;
  }>("select origin, address, received_at, last_at from refused_frame");
  const byMeter = Map.groupBy(verdicts, ({ meter_id }) => meter_id);
  const { faults } = year.town.state;
  const missed: string[] = [];
  let seen = 0;
  for (const episode of faults.between(year.town.town.meters, { from: faults.since, to: until })) {
    const meter = year.town.meter(episode.serial);
    if (!COSTLY.includes(episode.fault) || episode.to >= until || !hasReading(meter, episode)) continue;
    seen++;
    const from = episode.from - 3 * DAY_MS;
    const to = episode.to + 5 * DAY_MS; // a reading may come days late
    const told =
      settled.has(`${episode.fault} ${episode.serial} ${episode.from}`) ||
      (byMeter.get(year.meterIds.get(episode.serial) ?? 0n) ?? []).some((v) => v.from_at <= to && v.to_at >= from) ||
      refusals.some((r) => r.received_at <= to && r.last_at >= from && isFrom(meter, r));
    if (!told)
      missed.push(
        `${episode.fault} ${meter.utility} ${meter.serial} ${new Date(episode.from).toISOString()} .. ${new Date(episode.to).toISOString()}`,
      );
  }
  return { seen, missed };
}

const isFrom = (meter: TownMeter, { origin, address }: { origin: string; address: string }): boolean =>
  meter.modbus === null
    ? address.includes(meter.mqtt.deviceKey)
    : origin.startsWith(`modbus:${meter.modbus.bus}#`) && origin.endsWith(`/${meter.modbus.unitId}`);

/** The meter says something while the fault lasts; what happens at an instant stays. */
function hasReading(meter: TownMeter, { fault, from, to }: Episode): boolean {
  if (fault === "rollover") return dialEnd(meter) !== null;
  if (from === to) return true;
  const every = meter.modbus === null ? EVERY_MS[meter.mqtt.dialect] : DAY_MS;
  const phase = meter.modbus === null ? phaseOf(meter, every) : (DAY_MS / 24) * 16; // midnight of the town
  return Math.floor((to - 1 - phase) / every) > Math.floor((from - 1 - phase) / every);
}

import { dialOf } from "../../catalog/meters/dials.ts";
import { DAY_MS, HOUR_MS, type Instant, SECOND_MS } from "../../domain/instant.ts";
import type { RegisterName } from "../../domain/register.ts";
import type { Window } from "./load.ts";
import { drawn, registerMicro, shownMicro, type TownMeter } from "./meter.ts";
import type { TownState } from "./state.ts";

/** What a meter says of its register: the dial as it stands, or what a fault makes of it. `sentinel` = it has no value. */
export function toldMicro(meter: TownMeter, state: TownState, at: Instant, window?: Window): bigint | "sentinel" {
  const { faults } = state;
  if (faults.faults.length === 0) return shownMicro(meter, state, at, window);
  if (faults.at("sentinel-value", meter, at) !== null) return "sentinel";
  if (faults.at("transient-zero", meter, at) !== null) return 0n;
  const stuck = faults.at("stuck-register", meter, at);
  const instant = stuck === null ? at : stuck.from;
  let micro = moved(meter, state, instant, window);
  if (window === undefined) micro += ahead(meter, state);
  const end = dialEnd(meter);
  if (end !== null && faults.faults.some(({ name }) => name === "rollover" || name === "reversed-wiring"))
    micro = ((micro % end) + end) % end;
  const shown = Math.max(0, micro);
  return BigInt(shown - (shown % meter.stepMicro));
}

/** What stands behind a dial that jumped and ran backwards. */
const moved = (meter: TownMeter, state: TownState, at: Instant, window?: Window): number =>
  registerMicro(meter, state, at, window) -
  backwards(meter, state, at, window) +
  (window === undefined ? jumped(meter, state, at) : 0);

/** Twice what was drawn while the wires were the wrong way round: once not counted, once taken off. */
function backwards(meter: TownMeter, state: TownState, at: Instant, window?: Window): number {
  let sum = 0;
  for (const { from, to } of state.faults.begun("reversed-wiring", meter, before(state), at))
    sum += 2 * (drawn(meter, state, Math.min(at, to) as Instant, window) - drawn(meter, state, from, window));
  return sum;
}

const MICRO = 1_000_000;
const jumped = (meter: TownMeter, { faults }: TownState, at: Instant): number =>
  faults.param("jump", "by") === 0
    ? 0
    : faults.begun("jump", meter, (faults.since - 1) as Instant, at).length * faults.param("jump", "by") * MICRO;

const before = ({ faults }: TownState): Instant => (faults.since - 1) as Instant;

/** How far the dial was turned beforehand, so that it reaches its end at the instant of its rollover. */
function ahead(meter: TownMeter, state: TownState): number {
  const end = dialEnd(meter);
  const rollover = state.faults.first("rollover", meter);
  if (end === null || rollover === null) return 0;
  return end - (moved(meter, state, rollover.from) % end);
}

/** Where the main register begins again at zero, micro units: the profile's own end, else six digits of kWh, five of m³. */
export function dialEnd(meter: TownMeter): number | null {
  const register: RegisterName = meter.utility === "electricity" ? "energy_import_kwh" : "volume_m3";
  if (meter.modbus === null) return meter.utility === "electricity" ? 1e6 * MICRO : 1e5 * MICRO;
  const end = dialOf(meter.profileId, register);
  return end === null ? null : Number(end);
}

/** The device's own time: what it writes beside its values. Whole milliseconds. */
export function toldTime(meter: TownMeter, { faults }: TownState, at: Instant): Instant {
  const jump = faults.at("clock-jump", meter, at);
  const drift = faults.at("clock-drift", meter, at);
  let off = 0;
  // Not by whole hours: a clock that was reset does not meet its own grid again.
  if (jump !== null) off += signed(jump.chance) * (faults.param("clock-jump", "hours") * HOUR_MS + odd(jump.chance));
  if (drift !== null)
    off += (signed(drift.chance) * faults.param("clock-drift", "seconds") * SECOND_MS * (at - drift.from)) / DAY_MS;
  return Math.round(at + off) as Instant;
}

const signed = (chance: number): 1 | -1 => (chance < 0.5 ? -1 : 1);
const odd = (chance: number): number => Math.floor(chance * 1e6) % HOUR_MS;

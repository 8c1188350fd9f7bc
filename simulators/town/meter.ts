import type { Instant } from "../../domain/instant.ts";
import { HOUR_MS } from "../../domain/instant.ts";
import type { Utility } from "../../domain/unit.ts";
import { type Load, msInWindow, ratePerHour, usedSince, type Window } from "./load.ts";
import type { TownState } from "./state.ts";

/** How a device of the town speaks on MQTT. */
export type Dialect = "sanbiao" | "wmbusmeters" | "chirpstack";

/** One meter of the town. Micro values are whole numbers below 2^53: millionths of a kWh or m³. */
export type TownMeter = {
  readonly serial: string;
  readonly site: "estate" | "station";
  readonly utility: Utility;
  readonly profileId: string;
  readonly role: "customer" | "master";
  readonly building: string;
  readonly room: string;
  readonly modbus: { readonly bus: string; readonly unitId: number } | null;
  /** A Modbus meter has this too: its gateway keeps its backlog and uploads it here. */
  readonly mqtt: { readonly client: string; readonly deviceKey: string; readonly dialect: Dialect };
  readonly hasRelay: boolean;
  /** Counts peak and valley apart. */
  readonly twoRate: boolean;
  /** A roof behind the meter: its export register counts this. */
  readonly gives?: Load;
  /** Reactive energy as a share of what is drawn; such a meter has a demand register, which is reset at the month's first midnight. */
  readonly reactiveShare?: number;
  /** Register on the first day. */
  readonly startMicro: number;
  /** Its own use: both rates of a home, the common light of a building. */
  readonly loads: readonly Load[];
  /** A master meter counts these as well, plus a loss. */
  readonly subMeters: readonly TownMeter[];
  /** The last digit of its dial, in micro units. */
  readonly stepMicro: number;
};

/** Between a master meter and those below it 2 % are lost: leaks, wires. */
export const LOSS_SHARE = 0.02;

/** Micro units used since the first day with the town's relays and heaters as they were. Only ever grows. */
export function drawn(meter: TownMeter, state: TownState, at: Instant, window?: Window): number {
  let sum = supplied(meter, state, at, window);
  if (meter.subMeters.length === 0) return sum;
  let below = 0;
  for (const sub of meter.subMeters) below += drawn(sub, state, at, window);
  sum += below + Math.floor(below * LOSS_SHARE);
  return sum;
}

function supplied(meter: TownMeter, state: TownState, at: Instant, window?: Window): number {
  let sum = wanted(meter, state, at, window);
  for (const { from, to } of state.offOf(meter.serial)) {
    if (from >= at) break;
    sum -= wanted(meter, state, to === null || to > at ? at : to, window) - wanted(meter, state, from, window);
  }
  return sum;
}

/** As if the relay had never opened. */
function wanted(meter: TownMeter, state: TownState, at: Instant, window?: Window): number {
  let sum = 0;
  for (const load of meter.loads) if (window === undefined || load.window === window) sum += usedSince(load, at);
  for (const { from, to, watts } of state.heatersOf(meter.serial))
    sum += Math.floor((watts * 1000 * msInWindow(window, from, Math.min(at, to) as Instant)) / HOUR_MS);
  return sum;
}

/** What the dial shows: whole steps. */
export function shownMicro(meter: TownMeter, state: TownState, at: Instant, window?: Window): bigint {
  const micro = registerMicro(meter, state, at, window);
  return BigInt(micro - (micro % meter.stepMicro));
}

/** What stands behind the dial: also the parts of its last digit. */
export function registerMicro(meter: TownMeter, state: TownState, at: Instant, window?: Window): number {
  const start =
    window === undefined ? meter.startMicro : Math.floor(meter.startMicro * (window === "peak" ? 0.6 : 0.4));
  return start + drawn(meter, state, at, window);
}

/** Micro units per hour at an instant: 1 000 000 = 1 kW, or 1 m³/h. 0 behind an open relay. */
export function flowMicro(meter: TownMeter, state: TownState, at: Instant): number {
  let sum = 0;
  if (!offAt(state.offOf(meter.serial), at)) {
    for (const load of meter.loads) sum += ratePerHour(load, at);
    for (const { from, to, watts } of state.heatersOf(meter.serial)) if (from <= at && at < to) sum += watts * 1000;
  }
  let below = 0;
  for (const sub of meter.subMeters) below += flowMicro(sub, state, at);
  return sum + Math.floor(below * (1 + LOSS_SHARE));
}

const offAt = (stretches: ReturnType<TownState["offOf"]>, at: Instant): boolean =>
  stretches.some(({ from, to }) => from <= at && (to === null || at < to));

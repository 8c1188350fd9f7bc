import { type Clock, type Instant, MINUTE_MS, SECOND_MS } from "../../domain/instant.ts";
import type { ModbusCommand, ModbusProfile, ModbusRegister, RegisterTable } from "../../domain/profile.ts";
import { REGISTERS, type RegisterName, SUPPLY_STATES } from "../../domain/register.ts";
import type { SupplyCommand } from "../../domain/supply-command.ts";
import { bytesOfInteger, bytesOfMicro, scaleOf, WORDS_OF_TYPE, wordsOfBytes } from "../../domain/words.ts";
import type { ExceptionCode, ModbusUnit } from "../modbus/unit.ts";
import type { Window } from "./load.ts";
import { demandMicro, lastDemandMicro } from "./beside.ts";
import { freezeWords } from "./freezes.ts";
import { flowMicro, type TownMeter } from "./meter.ts";
import { chance } from "./random.ts";
import type { TownState } from "./state.ts";
import { toldMicro } from "./told.ts";

/** What an order to a relay does; the town carries it out a little later. */
export type RelayOrder = SupplyCommand;

export type MeterUnit = {
  readonly meter: TownMeter;
  readonly profile: ModbusProfile;
  readonly state: TownState;
  readonly clock: Clock;
  readonly onOrder: (order: RelayOrder) => void;
};

/** A meter of the town as a Modbus slave: its profile's own register map, filled with one instant's values per request. */
export function unitOf({ meter, profile, state, clock, onOrder }: MeterUnit): ModbusUnit {
  const layout = layoutOf(profile);
  return {
    read(table, address, count) {
      const { history } = profile;
      const place = address - (history?.address ?? 0);
      if (history !== undefined && table === history.table && place >= 0 && place < history.count * history.stride)
        return place + count > history.count * history.stride
          ? 2
          : freezeWords(meter, history, state, clock.now()).subarray(place, place + count);
      const name = nameOf(profile, table, address, count);
      if (name !== null) return name;
      const fields = layout.filter((f) => f.map.table === table && f.map.address < address + count && f.end > address);
      if (!covers(fields, address, count, profile.gapWordsMax ?? 0)) return 2;
      const words = new Uint16Array(count);
      const at = clock.now();
      for (const field of fields) putWords(words, address, field, valueOf(meter, state, at, field.map.register));
      return words;
    },
    write(table, address, words): 0 | ExceptionCode {
      if (profile.control === undefined || !meter.hasRelay) return 2;
      const order = orderOf(profile.control, table, address, words);
      if (order === null) return 2;
      if (order === "trip" && state.isProtected(meter.serial)) return 4;
      onOrder(order);
      return 0;
    },
  };
}

/** The words by which a scan knows the make; `null` when the request is for something else. */
function nameOf({ probe }: ModbusProfile, table: RegisterTable, address: number, count: number): Uint16Array | null {
  const [hex = ""] = probe?.anyOf ?? [];
  if (probe === undefined || probe.table !== table || probe.address !== address || hex.length !== count * 4)
    return null;
  return wordsOfBytes(Uint8Array.from(Buffer.from(hex, "hex")));
}

type Field = { readonly map: ModbusRegister; readonly end: number; readonly scale: ReturnType<typeof scaleOf> };

const layoutOf = (profile: ModbusProfile): readonly Field[] =>
  profile.registers
    .map((map) => ({ map, end: map.address + WORDS_OF_TYPE[map.type], scale: scaleOf(map.scale) }))
    .toSorted((a, b) => a.map.address - b.map.address);

/** A meter answers a block only when the holes in it are no longer than it suffers. */
function covers(fields: readonly Field[], address: number, count: number, gapMax: number): boolean {
  let reached = address;
  for (const { map, end } of fields) {
    if (map.address - reached > gapMax) return false;
    reached = Math.max(reached, end);
  }
  return fields.length > 0 && address + count - reached <= gapMax;
}

function putWords(into: Uint16Array, address: number, { map, scale }: Field, value: bigint | "sentinel"): void {
  const words =
    value === "sentinel"
      ? new Uint16Array(WORDS_OF_TYPE[map.type]).fill(0xffff)
      : wordsOfBytes(
          REGISTERS[map.register].kind === "state"
            ? bytesOfInteger(map.type, map.order, rawState(map, value))
            : bytesOfMicro(map.type, map.order, scale, value),
        );
  for (const [i, word] of words.entries()) {
    const at = map.address + i - address;
    if (at >= 0 && at < into.length) into[at] = word;
  }
}

function rawState(map: ModbusRegister, value: bigint): bigint {
  const hit = map.states?.find((s) => SUPPLY_STATES[s.state] === value);
  return map.states === undefined ? value : BigInt(hit?.equals ?? 0);
}

function orderOf(
  control: NonNullable<ModbusProfile["control"]>,
  table: RegisterTable,
  address: number,
  words: Uint16Array,
): RelayOrder | null {
  const fits = (write: ModbusCommand): boolean =>
    (write.functionCode === 5 ? "coil" : "holding") === table &&
    write.address === address &&
    write.words.length === words.length &&
    write.words.every((word, i) =>
      table === "coil"
        ? (word !== 0) === (words[i] !== 0)
        : word === words[i] || (i === write.percentAt && (words[i] ?? 0) >= 1 && (words[i] ?? 0) < 100),
    );
  const said = Object.entries(control.commands).find(([, write]) => fits(write));
  return (said?.[0] as RelayOrder | undefined) ?? null;
}

const WINDOW_OF = {
  energy_import_peak_kwh: "peak",
  energy_import_valley_kwh: "valley",
} as const satisfies Partial<Record<RegisterName, Window>>;

const MICRO = 1_000_000;
const micro = (value: number): bigint => BigInt(Math.round(value * MICRO));

/** A share of what the main register tells. */
function partOf(meter: TownMeter, state: TownState, at: Instant, divisor: bigint): bigint | "sentinel" {
  const told = toldMicro(meter, state, at);
  return told === "sentinel" ? told : told / divisor;
}

const OTHER = { connected: "disconnected", disconnected: "connected" } as const;

/** A relay's position as it is told. A relay on a bus has no word for half way: it says the old one. */
export function positionOf(
  meter: TownMeter,
  state: TownState,
  at: Instant,
): "connected" | "disconnected" | "limited" | "moving" {
  if (state.isHalfWay(meter.serial) && meter.modbus === null) return "moving";
  if (state.isWelded(meter.serial)) return "disconnected";
  if (state.isLimited(meter.serial)) return "limited";
  const told = positionStood(meter, state, at);
  return state.faults.at("relay-lies", meter, at) === null ? told : OTHER[told];
}

function positionStood(meter: TownMeter, state: TownState, at: Instant): "connected" | "disconnected" {
  const late = state.faults.at("state-late", meter, at) === null ? 0 : state.faults.param("state-late", "seconds");
  return state.isOff(meter.serial, (at - late * SECOND_MS) as Instant) ? "disconnected" : "connected";
}

/**
 * Any register of a meter at an instant as the meter tells it, millionths of its unit or a state's code. What the town does
 * not know is 0.
 */
export function valueOf(meter: TownMeter, state: TownState, at: Instant, register: RegisterName): bigint | "sentinel" {
  const off = state.isOff(meter.serial);
  const watts = flowMicro(meter, state, at) / 1000;
  switch (register) {
    case "energy_import_kwh":
    case "volume_m3":
      return toldMicro(meter, state, at);
    case "energy_import_peak_kwh":
    case "energy_import_valley_kwh":
      if (!meter.twoRate) return 0n;
      return toldMicro(meter, state, at, WINDOW_OF[register]);
    case "energy_import_l1_kwh":
    case "energy_import_l2_kwh":
    case "energy_import_l3_kwh":
      return partOf(meter, state, at, 3n);
    case "reactive_import_kvarh":
      return partOf(meter, state, at, 5n);
    case "demand_import_max_kw":
      return BigInt(demandMicro(meter, state, at));
    case "demand_import_last_kw":
      return BigInt(lastDemandMicro(meter, state, at));
    case "power_w":
      return micro(watts);
    case "power_l1_w":
    case "power_l2_w":
    case "power_l3_w":
      return micro(watts / 3);
    case "voltage_l1_v":
    case "voltage_l2_v":
    case "voltage_l3_v":
      return micro(off ? 0 : voltage(meter, at));
    case "current_l1_a":
      return micro(watts / voltage(meter, at) / (meter.role === "master" ? 3 : 1));
    case "current_l2_a":
    case "current_l3_a":
      return micro(watts / voltage(meter, at) / 3);
    case "power_factor":
      return micro(0.97);
    case "frequency_hz":
      return micro(50);
    case "flow_m3_per_h":
      return BigInt(flowMicro(meter, state, at));
    case "temperature_degc":
    case "flow_temperature_degc":
    case "return_temperature_degc":
      return micro(16);
    case "pressure_mpa":
      return micro(0.28);
    case "battery_v":
      return micro(3.6);
    case "ct_ratio":
    case "vt_ratio":
      return micro(1);
    case "relay_state":
    case "valve_state":
      return SUPPLY_STATES[positionOf(meter, state, at)];
    case "online_state":
      return 1n;
    default:
      return 0n;
  }
}

/** 215–230 V, another one each minute. */
const voltage = (meter: TownMeter, at: Instant): number =>
  215 + Math.round(150 * chance(meter.loads[0]?.seed ?? 0, 20, Math.floor(at / MINUTE_MS))) / 10;

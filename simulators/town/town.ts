import type { Load, Window } from "./load.ts";
import type { Dialect, TownMeter } from "./meter.ts";
import { chance, hash32, pick } from "./random.ts";
import type { ShapeName } from "./shapes.ts";

export type TownOptions = {
  readonly seed: number;
  /** Flats of the estate, 16 to a building; each has electricity, water and gas. */
  readonly flats?: number;
  /** Prepaid homes of the rural station, electricity only. */
  readonly homes?: number;
};

export type TownBus = {
  readonly name: string;
  readonly site: TownMeter["site"];
  readonly kind: "tcp" | "rtu_over_tcp";
};
/** Who connects to the broker: a gateway for its meters, a network server, or a meter by itself. */
export type TownClient = {
  readonly username: string;
  readonly site: TownMeter["site"];
  /** What its devices speak when live; the backlog goes as `sanbiao`. */
  readonly dialect: Dialect;
};

export type Town = {
  readonly seed: number;
  readonly buses: readonly TownBus[];
  readonly clients: readonly TownClient[];
  readonly meters: readonly TownMeter[];
};

export const FLATS_PER_BUILDING = 16;
const FLATS_PER_FLOOR = 2;
const FLATS_PER_GATEWAY = 8;
export const MASTER_UNIT_ID = 100;
/** The rural station: its "building" number in serials, and how many homes have a relay that speaks MQTT by itself. */
export const STATION_BUILDING = 0;
const HOMES_BY_MQTT = 4;

/** The flat that the demo lets run out. */
export const DEMO_FLAT = { building: "1", room: "301" } as const;

/** The same seed and size always give the same town. */
export function buildTown({ seed, flats = 48, homes = 20 }: TownOptions): Town {
  const parts: Parts = { seed, buses: [], clients: [], meters: [] };
  for (let building = 1; (building - 1) * FLATS_PER_BUILDING < flats; building++)
    addBuilding(parts, building, Math.min(FLATS_PER_BUILDING, flats - (building - 1) * FLATS_PER_BUILDING));
  if (flats > 0) parts.clients.push({ username: GAS_CLIENT, site: "estate", dialect: "chirpstack" });
  if (homes > 0) addStation(parts, homes);
  return parts;
}

type Parts = {
  readonly seed: number;
  readonly buses: TownBus[];
  readonly clients: TownClient[];
  readonly meters: TownMeter[];
};
const GAS_CLIENT = "chirpstack-estate";

function addBuilding(parts: Parts, building: number, flats: number): void {
  const water = `water-${building}`;
  parts.clients.push({ username: water, site: "estate", dialect: "wmbusmeters" });
  const electric: TownMeter[] = [];
  const wet: TownMeter[] = [];
  for (let i = 0; i < flats; i++) {
    const flat = { building: String(building), room: roomOf(i), number: building * 10_000 + roomNumber(i) };
    const bus = busOf(parts, "estate", `gateway-${building}-${1 + Math.floor(i / FLATS_PER_GATEWAY)}`);
    electric.push(flatElectricity(parts.seed, flat, bus, 1 + (i % FLATS_PER_GATEWAY)));
    wet.push(flatWater(parts.seed, flat, water));
    parts.meters.push(flatGas(parts.seed, flat));
  }
  parts.meters.push(...electric, ...wet);
  parts.meters.push(electricMaster(parts.seed, building, electric), waterMaster(parts.seed, building, wet, water));
}

function busOf(parts: Parts, site: TownMeter["site"], name: string): string {
  if (!parts.buses.some((bus) => bus.name === name)) {
    parts.buses.push({ name, site, kind: parts.buses.length % 2 === 0 ? "tcp" : "rtu_over_tcp" });
    parts.clients.push({ username: name, site, dialect: "sanbiao" });
  }
  return name;
}

const roomNumber = (i: number): number => (1 + Math.floor(i / FLATS_PER_FLOOR)) * 100 + 1 + (i % FLATS_PER_FLOOR);
const roomOf = (i: number): string => String(roomNumber(i));

type Flat = { readonly building: string; readonly room: string; readonly number: number };
const eight = (kind: string, number: number): string => `${kind}${String(number).padStart(6, "0")}`;
const electricSerial = (number: number): string => `2024${eight("31", number)}`;

/** One flat in four pays in advance, and the demo flat. */
export const isPrepaidFlat = (building: string, room: string): boolean =>
  (building === DEMO_FLAT.building && room === DEMO_FLAT.room) || ["102", "402", "602", "801"].includes(room);

const HOME_SHAPES: readonly [ShapeName, ...ShapeName[]] = [
  "electricity_cooling",
  "electricity_heating",
  "electricity_cooling",
];

function homeLoads(seed: number, number: number, meanKwh: number): readonly Load[] {
  const base = {
    shape: pick(HOME_SHAPES, seed, number, 1),
    perDay: Math.round(meanKwh * 1e6 * (0.5 + chance(seed, number, 2))),
    shift: hash32(seed, number, 3) % 9,
  };
  const windows: readonly Window[] = ["peak", "valley"];
  return windows.map((window, i) => ({ ...base, window, seed: hash32(seed, number, 4, i) }));
}

const singleLoad = (seed: number, number: number, shape: ShapeName, perDay: number): readonly Load[] => [
  { shape, perDay: Math.round(perDay), shift: hash32(seed, number, 5) % 7, seed: hash32(seed, number, 6) },
];

const POSTPAID_METERS: readonly [string, ...string[]] = ["acrel-ddsy1352", "chint-ddsu666", "eastron-sdm120"];
const CENTI = 10_000;
/** A building's register in float32 passes 131 072 kWh, where two hundredths in a row are one and the same float. */
const DECI = 100_000;
const LITRE = 1_000;

function flatElectricity(seed: number, flat: Flat, bus: string, unitId: number): TownMeter {
  const prepaid = isPrepaidFlat(flat.building, flat.room);
  const picked = pick(POSTPAID_METERS, seed, flat.number, 7);
  const freezes = flat.building === FREEZING_BUILDING && picked === "chint-ddsu666";
  const profileId = prepaid ? "acrel-ddsy1352" : freezes ? FREEZE_PROFILE : picked;
  const serial = electricSerial(flat.number);
  return {
    serial,
    site: "estate",
    utility: "electricity",
    profileId,
    role: "customer",
    building: flat.building,
    room: flat.room,
    modbus: { bus, unitId },
    mqtt: { client: bus, deviceKey: serial, dialect: "sanbiao" },
    hasRelay: profileId === "acrel-ddsy1352",
    twoRate: profileId === "acrel-ddsy1352",
    startMicro: (hash32(seed, flat.number, 8) % 9_000_00) * CENTI,
    loads: homeLoads(seed, flat.number, 7),
    subMeters: [],
    stepMicro: CENTI,
  };
}

function flatWater(seed: number, flat: Flat, client: string): TownMeter {
  const serial = eight("52", flat.number);
  return {
    serial,
    site: "estate",
    utility: "water",
    profileId: WMBUS_PROFILE,
    role: "customer",
    building: flat.building,
    room: flat.room,
    modbus: null,
    mqtt: { client, deviceKey: serial, dialect: "wmbusmeters" },
    hasRelay: false,
    twoRate: false,
    startMicro: (hash32(seed, flat.number, 9) % 400_000) * LITRE,
    loads: singleLoad(seed, flat.number + 1e6, "water", 0.32e6 * (0.5 + chance(seed, flat.number, 10))),
    subMeters: [],
    stepMicro: LITRE,
  };
}

function flatGas(seed: number, flat: Flat): TownMeter {
  const serial = eight("64", flat.number);
  return {
    serial,
    site: "estate",
    utility: "gas",
    profileId: GAS_PROFILE,
    role: "customer",
    building: flat.building,
    room: flat.room,
    modbus: null,
    mqtt: { client: GAS_CLIENT, deviceKey: `a8404100${serial}`, dialect: "chirpstack" },
    hasRelay: false,
    twoRate: false,
    startMicro: (hash32(seed, flat.number, 11) % 90_000) * CENTI,
    loads: singleLoad(seed, flat.number + 2e6, "gas", 0.7e6 * (0.5 + chance(seed, flat.number, 12))),
    subMeters: [],
    stepMicro: CENTI,
  };
}

/** In this building some meters keep the values of the last midnights. */
const FREEZING_BUILDING = "2";
export const FREEZE_PROFILE = "sanbiao-demo-freeze";
export const WMBUS_PROFILE = "wmbusmeters";
export const GAS_PROFILE = "chirpstack-v4";
export const ENVELOPE_PROFILE = "sanbiao-json";

function electricMaster(seed: number, building: number, subMeters: readonly TownMeter[]): TownMeter {
  const serial = electricSerial(building * 10_000);
  const bus = subMeters[0]?.modbus?.bus ?? "";
  return {
    serial,
    site: "estate",
    utility: "electricity",
    role: "master",
    building: String(building),
    room: "",
    profileId: building % 2 === 1 ? "schneider-iem3155" : "chint-dtsu666",
    modbus: { bus, unitId: MASTER_UNIT_ID },
    mqtt: { client: bus, deviceKey: serial, dialect: "sanbiao" },
    hasRelay: false,
    twoRate: false,
    startMicro: 0,
    loads: singleLoad(seed, building, "electricity_common", 4e6),
    subMeters,
    stepMicro: DECI,
  };
}

function waterMaster(seed: number, building: number, subMeters: readonly TownMeter[], client: string): TownMeter {
  const serial = eight("52", building * 10_000);
  return {
    serial,
    site: "estate",
    utility: "water",
    profileId: WMBUS_PROFILE,
    role: "master",
    building: String(building),
    room: "",
    modbus: null,
    mqtt: { client, deviceKey: serial, dialect: "wmbusmeters" },
    hasRelay: false,
    twoRate: false,
    startMicro: 0,
    loads: singleLoad(seed, building + 3e6, "steady", 0.2e6),
    subMeters,
    stepMicro: LITRE,
  };
}

/** Of the homes with a radio of their own one has a roof, and one is a workshop. */
export const SOLAR_HOME = 19;
export const WORKSHOP_HOME = 18;

function ownWay(seed: number, number: number, i: number): Pick<TownMeter, "gives" | "reactiveShare"> {
  const [roof] = i === SOLAR_HOME ? singleLoad(seed, number + 4e6, "solar", 11e6) : [];
  return { ...(roof === undefined ? {} : { gives: roof }), ...(i === WORKSHOP_HOME ? { reactiveShare: 0.75 } : {}) };
}

/** The last homes are too far for the station's lines and have a relay meter with its own radio. */
function addStation(parts: Parts, homes: number): void {
  const all: TownMeter[] = [];
  for (let i = 1; i <= homes; i++) {
    const number = STATION_BUILDING * 10_000 + i;
    const home = { building: "", room: String(i), number };
    const far = homes > HOMES_BY_MQTT && i > homes - HOMES_BY_MQTT;
    const bus = far ? "" : busOf(parts, "station", `station-${1 + Math.floor((i - 1) / 16)}`);
    const meter = flatElectricity(parts.seed, home, bus, 1 + ((i - 1) % 16));
    const serial = meter.serial;
    if (far) parts.clients.push({ username: `relay-${serial}`, site: "station", dialect: "sanbiao" });
    all.push({
      ...meter,
      ...(far ? ownWay(parts.seed, number, i) : {}),
      site: "station",
      profileId: far ? ENVELOPE_PROFILE : "acrel-ddsy1352",
      modbus: far ? null : meter.modbus,
      mqtt: far ? { client: `relay-${serial}`, deviceKey: serial, dialect: "sanbiao" } : meter.mqtt,
      hasRelay: true,
      twoRate: !far,
      loads:
        far && i === WORKSHOP_HOME
          ? singleLoad(parts.seed, number, "workshop", 120e6)
          : homeLoads(parts.seed, number, 4),
    });
  }
  parts.meters.push(...all, {
    ...electricMaster(parts.seed, STATION_BUILDING, all),
    site: "station",
    building: "",
    profileId: "schneider-iem3155",
  });
}

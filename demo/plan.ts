import { type Instant, instant } from "../domain/instant.ts";
import { type Money, money } from "../domain/money.ts";
import { addMonths, type Day, dayOf, monthOf, startOfDay } from "../domain/period.ts";
import type { Utility } from "../domain/unit.ts";
import { STEP_MS } from "../simulators/town/backlog.ts";
import type { TownMeter } from "../simulators/town/meter.ts";
import { commandTopic, publishFilters } from "../simulators/town/payload.ts";
import { hash32 } from "../simulators/town/random.ts";
import {
  buildTown,
  DEMO_FLAT,
  ENVELOPE_PROFILE,
  GAS_PROFILE,
  isPrepaidFlat,
  type Town,
  type TownOptions,
  SOLAR_HOME,
  WMBUS_PROFILE,
  WORKSHOP_HOME,
} from "../simulators/town/town.ts";

/** Everybody and everything of the demo, before it has ids. All names, phones and amounts are invented. */
export type DemoPlan = {
  readonly town: Town;
  /** The books open here: first day of the month before the first start. */
  readonly since: Day;
  readonly sinceAt: Instant;
  readonly operators: readonly PlannedOperator[];
};

export type PlannedOperator = {
  readonly code: string;
  readonly kind: "estate" | "supply_station";
  readonly nameZh: string;
  readonly nameEn: string;
  readonly buses: readonly PlannedBus[];
  readonly clients: readonly PlannedClient[];
  readonly meters: readonly PlannedMeter[];
  readonly accounts: readonly PlannedAccount[];
};

export type PlannedBus = {
  readonly name: string;
  readonly kind: "tcp" | "rtu_over_tcp";
  readonly pollSeconds: Readonly<Record<string, number>>;
};

export type PlannedClient = {
  readonly username: string;
  readonly publishFilters: readonly string[];
  readonly subscribeFilters: readonly string[];
  readonly profileIds: readonly string[];
};

/** A meter and the usage point where it hangs. */
export type PlannedMeter = Pick<
  TownMeter,
  "serial" | "utility" | "profileId" | "role" | "building" | "room" | "modbus"
> & {
  readonly client: string;
  readonly deviceKey: string;
  /** Greatest feasible use per hour in the billed unit. */
  readonly capacityPerHour: string;
  /** Of a meter that speaks by itself: what can be relied on, live and out of its memory. */
  readonly reportEverySeconds: number | null;
};

export type PlannedAccount = {
  readonly number: string;
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  readonly persons: number;
  readonly protectedReason: string | null;
  readonly agreements: readonly { readonly serial: string; readonly tariffId: string }[];
  /** What the workshop has contracted. */
  readonly contractedKw?: string;
  readonly prepaid: {
    readonly policyId: string;
    /** The meter whose relay is cut. */
    readonly serial: string;
    readonly opening: Opening;
  } | null;
};

export type Opening =
  /** Topped up with so much when the books opened. */
  | { readonly kind: "top_up"; readonly amount: Money }
  /** Topped up at go-live so that just this much is available then; with a heater of so many watts left on. */
  | { readonly kind: "run_down"; readonly available: Money; readonly watts: number };

export const ZONE = "Asia/Shanghai";
const TARIFF = {
  electricity: "zhejiang.electricity.residential",
  electricityTou: "zhejiang.electricity.residential_tou",
  water: "ningbo.water.residential",
  gas: "ningbo.gas.residential",
  solar: "demo.electricity.solar",
  industry: "demo.electricity.industry",
} as const;
const CAPACITY: Record<Utility, string> = { electricity: "15", water: "5", gas: "6", heat: "20" };
const CAPACITY_MASTER: Record<Utility, string> = { electricity: "250", water: "40", gas: "60", heat: "200" };

/** Both operators with their people. Pure: the same seed on the same day is the same plan. */
export function demoPlan({ now, ...size }: TownOptions & { readonly now: Instant }): DemoPlan {
  const { seed } = size;
  const town = buildTown(size);
  const since = addMonths(dayOf(monthOf(now, ZONE).from, ZONE), -1);
  const of = (site: TownMeter["site"]) => ({
    meters: town.meters.filter((meter) => meter.site === site),
    buses: town.buses.filter((bus) => bus.site === site).map(plannedBus),
    clients: town.clients.filter((client) => client.site === site),
  });
  const estate = of("estate");
  const station = of("station");
  return {
    town,
    since,
    sinceAt: instant(startOfDay(since, ZONE)),
    operators: [
      {
        code: "riverside",
        kind: "estate",
        nameZh: "河畔花园",
        nameEn: "Riverside Garden",
        buses: estate.buses,
        clients: estate.clients.map(({ username }) => plannedClient(username, estate.meters)),
        meters: estate.meters.map(plannedMeter),
        accounts: flatsOf(estate.meters).map((meters) => flatAccount(seed, meters)),
      },
      {
        code: "qingshan",
        kind: "supply_station",
        nameZh: "青山供电所",
        nameEn: "Qingshan Supply Station",
        buses: station.buses,
        clients: station.clients.map(({ username }) => plannedClient(username, station.meters)),
        meters: station.meters.map(plannedMeter),
        accounts: station.meters.filter((meter) => meter.role === "customer").map((meter) => homeAccount(seed, meter)),
      },
    ],
  };
}

/** Account number of the flat that runs out. */
export const DEMO_ACCOUNT = `${DEMO_FLAT.building}-${DEMO_FLAT.room}`;

/** The line of the demo flat is read often, so that one sees it go dark in time. */
const plannedBus = ({ name, kind }: { name: string; kind: "tcp" | "rtu_over_tcp" }): PlannedBus => ({
  name,
  kind,
  pollSeconds:
    name === `gateway-${DEMO_FLAT.building}-1`
      ? { billing: 10, power: 30, state: 10, slow: 3600 }
      : { billing: 60, power: 120, state: 120, slow: 3600 },
});

const DIALECT_PROFILE = { sanbiao: [], wmbusmeters: [WMBUS_PROFILE], chirpstack: [GAS_PROFILE] } as const;

function plannedClient(username: string, all: readonly TownMeter[]): PlannedClient {
  const meters = all.filter((meter) => meter.mqtt.client === username);
  const own = new Set<string>(meters.flatMap((meter) => DIALECT_PROFILE[meter.mqtt.dialect]));
  return {
    username,
    publishFilters: publishFilters(username, meters),
    subscribeFilters: meters.flatMap((meter) => commandTopic(meter) ?? []),
    profileIds: [...own, ENVELOPE_PROFILE],
  };
}

/** A relay reports each minute; a radio module is relied on for what it stores, though it speaks more often. */
const reportEvery_s = ({ utility }: TownMeter): number => (utility === "electricity" ? 60 : STEP_MS[utility] / 1000);

const plannedMeter = (meter: TownMeter): PlannedMeter => ({
  serial: meter.serial,
  utility: meter.utility,
  profileId: meter.profileId,
  role: meter.role,
  building: meter.building,
  room: meter.room,
  modbus: meter.modbus,
  client: meter.mqtt.client,
  deviceKey: meter.mqtt.deviceKey,
  capacityPerHour:
    meter.reactiveShare !== undefined ? "60" : (meter.role === "master" ? CAPACITY_MASTER : CAPACITY)[meter.utility],
  reportEverySeconds: meter.modbus === null ? reportEvery_s(meter) : null,
});

const flatsOf = (meters: readonly TownMeter[]): TownMeter[][] => [
  ...Map.groupBy(
    meters.filter((meter) => meter.role === "customer"),
    (meter) => `${meter.building}-${meter.room}`,
  ).values(),
];

/** 张某, 王某, …: as Chinese papers write of somebody who is not to be told. */
const SURNAMES = "张王李赵陈林周吴徐孙胡朱高何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许".split("");
const nameOf = (seed: number, key: number): string => `${SURNAMES[hash32(seed, key, 40) % SURNAMES.length] ?? "张"}某`;
const personsOf = (seed: number, key: number): number =>
  [1, 2, 2, 3, 3, 3, 4, 4, 5, 6][hash32(seed, key, 41) % 10] ?? 3;
const keyOf = (meter: TownMeter): number => Number(meter.serial.slice(-6));
/** No such number is given to anybody. */
const phoneOf = (meter: TownMeter): string => `000 0000 ${meter.serial.slice(-5)}`;
const yuan = (amount: number): Money => money("CNY", BigInt(amount) * 100n);

function flatAccount(seed: number, meters: readonly TownMeter[]): PlannedAccount {
  const electricity = meters.find((meter) => meter.utility === "electricity");
  if (electricity === undefined) throw new Error("a flat has an electricity meter");
  const { building, room, serial } = electricity;
  const key = keyOf(electricity);
  const isDemoFlat = building === DEMO_FLAT.building && room === DEMO_FLAT.room;
  const opening: Opening = isDemoFlat
    ? { kind: "run_down", available: money("CNY", 5n), watts: 4400 }
    : { kind: "top_up", amount: yuan(1200 + 200 * (hash32(seed, key, 42) % 5)) };
  const twoRate = !isDemoFlat && hash32(seed, key, 43) % 2 === 0;
  return {
    number: `${building}-${room}`,
    name: isDemoFlat ? "演示户 Demo flat (runs out)" : nameOf(seed, key),
    phone: phoneOf(electricity),
    address: `河畔花园 ${building}幢 ${room}室 · Riverside Garden ${building}-${room}`,
    persons: isDemoFlat ? 3 : personsOf(seed, key),
    protectedReason: null,
    agreements: meters.map((meter) => ({
      serial: meter.serial,
      tariffId:
        meter.utility === "water"
          ? TARIFF.water
          : meter.utility === "gas"
            ? TARIFF.gas
            : twoRate
              ? TARIFF.electricityTou
              : TARIFF.electricity,
    })),
    prepaid: isPrepaidFlat(building, room)
      ? { policyId: isDemoFlat ? "demo-flat" : "demo-estate", serial, opening }
      : null,
  };
}

/** Who is billed once a month: the home with a roof, and the workshop. */
function billedHome(seed: number, meter: TownMeter, tariffId: string): PlannedAccount {
  const isWorkshop = tariffId === TARIFF.industry;
  return {
    number: `Q${meter.room.padStart(3, "0")}`,
    name: isWorkshop ? "演示木工坊 Demo workshop" : "演示光伏户 Demo home with a roof",
    phone: phoneOf(meter),
    address: `青山村 ${meter.room}号 · Qingshan village ${meter.room}`,
    persons: personsOf(seed, keyOf(meter)),
    protectedReason: null,
    agreements: [{ serial: meter.serial, tariffId }],
    ...(isWorkshop ? { contractedKw: "20" } : {}),
    prepaid: null,
  };
}

/** Homes with something to see: one that was warned, one that must never be cut. */
const WARNED_HOME = "5";
const PROTECTED_HOME = "8";

function homeAccount(seed: number, meter: TownMeter): PlannedAccount {
  const key = keyOf(meter);
  const pays = { [SOLAR_HOME]: TARIFF.solar, [WORKSHOP_HOME]: TARIFF.industry }[
    meter.modbus === null ? Number(meter.room) : 0
  ];
  if (pays !== undefined) return billedHome(seed, meter, pays);
  const opening: Opening =
    meter.room === WARNED_HOME
      ? { kind: "run_down", available: yuan(8), watts: 0 }
      : { kind: "top_up", amount: yuan(400 + 100 * (hash32(seed, key, 42) % 4)) };
  return {
    number: `Q${meter.room.padStart(3, "0")}`,
    name: nameOf(seed, key),
    phone: phoneOf(meter),
    address: `青山村 ${meter.room}号 · Qingshan village ${meter.room}`,
    persons: personsOf(seed, key),
    protectedReason: meter.room === PROTECTED_HOME ? "家用制氧机 · oxygen concentrator at home (invented)" : null,
    agreements: [{ serial: meter.serial, tariffId: TARIFF.electricity }],
    prepaid: { policyId: "demo-station", serial: meter.serial, opening },
  };
}

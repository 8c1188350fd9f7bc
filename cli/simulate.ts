import { randomBytes } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import pino from "pino";
import { DAY_MS, type Instant, instant, instantOfIso } from "../domain/instant.ts";
import { decimalText } from "../domain/quantity.ts";
import { type ChosenFault, choiceOf } from "../simulators/faults/choice.ts";
import { townClock } from "../simulators/town/clock.ts";
import { type RunningTown, startTown } from "../simulators/town/start.ts";
import { type TownSheet, townSheet } from "../simulators/town/sheet.ts";
import { printFaults } from "./faults.ts";
import { type Io, printJson } from "./io.ts";
import { stationCommand } from "./simulate-station.ts";

type Options = {
  readonly meters?: number;
  readonly homes?: number;
  readonly seed: number;
  readonly speed: number;
  readonly mqtt?: string;
  readonly backlog?: number;
  readonly host: string;
  readonly portBase?: number;
  readonly secret?: string;
  readonly state?: string;
  readonly seconds?: number;
  readonly faults?: string;
  readonly faultSeed?: number;
  readonly faultSince?: Instant;
  readonly once?: boolean;
  readonly json?: boolean;
};

const FLATS = 48;
const HOMES = 20;
/** A gateway takes eight: beyond this the ports of one machine run short. */
const HOMES_MAX = 20_000;
const PORT_MAX = 65_535;

export function simulateCommand(io: Io): Command {
  return new Command("simulate")
    .description("Runs a seeded town of meters on real sockets: Modbus gateways, and MQTT devices at a broker")
    .option("--meters <n>", `flats, each with electricity, water and gas (default ${FLATS})`, whole(0, HOMES_MAX))
    .option("--homes <n>", `prepaid homes of a rural station (default ${HOMES}, with --meters 0)`, whole(0, HOMES_MAX))
    .option("--seed <n>", "the same seed is the same town with the same use", whole(0, 2 ** 31 - 1), 1)
    .option("--speed <x>", "town seconds per second", speed, 1)
    .option("--mqtt <url>", "broker that the MQTT devices connect to; user and password in the URL serve all of them")
    .option("--backlog <days>", "first upload what the devices kept of so many days (with --mqtt)", whole(1, 400))
    .option("--host <address>", "where the gateways listen", "127.0.0.1")
    .option("--port-base <port>", "first gateway's port, the others follow (default: free ports)", whole(1, PORT_MAX))
    .option("--secret <text>", "makes the devices' MQTT passwords (default: another one each time)")
    .option("--state <file>", "remembers open relays and ports between runs")
    .option("--seconds <n>", "stop after so long (default: on Ctrl-C)", whole(0, 10_000_000))
    .option("--faults <list>", "what goes wrong: all, none, or names with numbers; help prints them", "none")
    .option("--fault-seed <n>", "when and where it goes wrong (default: the town's seed)", whole(0, 2 ** 31 - 1))
    .option("--fault-since <day>", "nothing goes wrong before this day begins in UTC (default: today)", midnight)
    .option("--once", "start, print, stop")
    .option("--json", "one JSON document on standard output")
    .addHelpText(
      "after",
      `
Examples:
  sanbiao simulate --faults help
  sanbiao simulate --meters 8 --faults all --fault-seed 7
  sanbiao simulate --faults stuck-register:every=1:minutes=10,jump:by=200,crc-error:meters=25`,
    )
    .action((options: Options, command: Command) => {
      if (options.faults === "help" || options.faults === "list") return printFaults(io, options.json === true);
      const choice = choiceOf(options.faults ?? "none");
      if (choice.kind === "wrong") command.error(`error: ${choice.detail}`, { exitCode: 2 });
      if (options.backlog !== undefined && options.mqtt === undefined)
        command.error("error: --backlog needs --mqtt", { exitCode: 2 });
      return simulate(io, options, choice.faults);
    })
    .addCommand(stationCommand(io, whole));
}

async function simulate(io: Io, options: Options, chosen: readonly ChosenFault[]): Promise<void> {
  const real = (): number => Date.now();
  const begin = instant(real());
  const clock = townClock({ anchorReal: begin, anchorTown: begin, speed: options.speed, real });
  const town = await startTown({
    seed: options.seed,
    flats: options.meters ?? FLATS,
    homes: options.homes ?? (options.meters === undefined ? HOMES : 0),
    clock,
    host: options.host,
    ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
    ...(options.state === undefined ? {} : { stateFile: options.state }),
    secret: options.secret ?? randomBytes(18).toString("base64url"),
    faults: {
      chosen,
      seed: options.faultSeed ?? options.seed,
      ...(options.faultSince === undefined ? {} : { since: options.faultSince }),
    },
    log: pino({ level: "warn" }, pino.destination({ fd: 2, sync: true })),
  });
  const stopped = new AbortController();
  const onSignal = (): void => stopped.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    print(io, town, options);
    await live(io, town, options, stopped.signal);
    const ms = options.once === true ? 0 : options.seconds === undefined ? FOR_EVER_MS : options.seconds * 1000;
    await setTimeout(ms, undefined, { signal: stopped.signal });
  } catch (error) {
    if (!stopped.signal.aborted) throw error;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await town.stop();
  }
}

const FOR_EVER_MS = 2 ** 31 - 1; // setTimeout holds no more: 24 days

async function live(io: Io, town: RunningTown, options: Options, signal: AbortSignal): Promise<void> {
  if (options.mqtt === undefined) return;
  if (options.backlog !== undefined) {
    const from = instant(town.clock.now() - options.backlog * DAY_MS);
    const readings = await town.uploadBacklog({ mqttUrl: options.mqtt, from, signal });
    if (options.json !== true) io.out(`${readings} stored readings of ${options.backlog} days uploaded`);
  }
  town.goLive(options.mqtt);
}

function print(io: Io, town: RunningTown, { json, mqtt }: Options): void {
  const sheet = townSheet(town);
  if (json === true) {
    printJson(io, sheet);
    return;
  }
  io.out(`Town of seed ${sheet.seed}: ${sheet.meters.length} meters, time ${sheet.now}, speed ${sheet.speed}\n`);
  io.out("Modbus gateways");
  for (const bus of sheet.buses)
    io.out(`  ${bus.name}  ${bus.kind}  ${bus.host}:${bus.port}  units ${bus.unitIds.join(" ")}`);
  io.out(
    `\nMQTT clients${mqtt === undefined ? " (none connects without --mqtt)" : ` at ${mqtt.replace(/\/\/[^@/]*@/, "//…@")}`}`,
  );
  for (const client of sheet.clients) {
    io.out(`  ${client.username}  ${client.password}  publishes ${client.publish.join(" ")}`);
    for (const topic of client.subscribe) io.out(`    hears ${topic}`);
  }
  io.out("\nMeters");
  for (const meter of sheet.meters)
    io.out(
      `  ${meter.serial}  ${meter.utility}  ${meter.profileId}  ${meter.address}  ${decimalText(meter.shown)} ${meter.unit}`,
    );
  printNext(io, sheet);
  io.out("\nCtrl-C stops it.");
}

const NEXT_MAX = 20;

function printNext(io: Io, { faults }: TownSheet): void {
  if (faults.chosen.length === 0) return;
  io.out(`\nFaults of seed ${faults.seed}: ${faults.chosen.map(({ name }) => name).join(", ")}`);
  for (const { fault, serial, from, to } of faults.next.slice(0, NEXT_MAX))
    io.out(`  ${from} to ${to}  ${fault}  ${serial}`);
  const more = faults.next.length - NEXT_MAX;
  if (more > 0) io.out(`  and ${more} more within a day (--json lists them)`);
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is wanted`);
  };
}

function midnight(text: string): Instant {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? instantOfIso(`${text}T00:00:00Z`) : null;
  if (at !== null) return at;
  throw new InvalidArgumentError("a day is wanted: 2026-03-01");
}

function speed(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 100_000) return value;
  throw new InvalidArgumentError("a number above 0, at most 100000, is wanted");
}

/**
 * Power back after a top-up over MQTT: payment committed → order on the meter's wire → relay proven in the books, as p50 and p99,
 * while every meter of the station goes on speaking. Real broker, books and engine in this process as in the service, meters in a
 * process of their own behind gateways; homes that are dark pay one after the other, however long the ones before take.
 * Run: node bench/reconnect.ts [--homes N] [--gateways N] [--readings N] [--topups N] [--seconds N] [--json]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { startBilling } from "../billing/main.ts";
import { takePayment } from "../billing/payment.ts";
import { startCollectors } from "../collectors/main.ts";
import { type Clock, instant } from "../domain/instant.ts";
import { money } from "../domain/money.ts";
import { REGISTERS, SUPPLY_STATES } from "../domain/register.ts";
import { noTelemetry } from "../domain/telemetry.ts";
import { openDatabase, ownerPool } from "../schema/database.ts";
import { removeCluster, startEmbedded } from "../schema/embedded/server.ts";
import { migrate } from "../schema/migrate.ts";
import type { Heard } from "./reconnect/meters.ts";
import { seedStation } from "./reconnect/station.ts";
import { report, say, tableText } from "./report.ts";

const { values: options } = parseArgs({
  options: {
    homes: { type: "string", default: "10000" },
    gateways: { type: "string", default: "100" },
    readings: { type: "string", default: "2000" },
    topups: { type: "string", default: "20" },
    seconds: { type: "string", default: "65" },
    relay: { type: "string", default: "100" },
    json: { type: "boolean", default: false },
  },
});
const [HOMES, GATEWAYS, READINGS] = [Number(options.homes), Number(options.gateways), Number(options.readings)];
const [TOPUPS, SECONDS, RELAY_MS] = [Number(options.topups), Number(options.seconds), Number(options.relay)];
/** Every message is two readings: energy and relay. */
const EVERY_MS = (HOMES * 2 * 1000) / READINGS;
const TOPUPS_ALL = Math.min(HOMES, Math.round(TOPUPS * SECONDS));
const [ON_WIRE_P99_MS, PROVEN_P99_MS] = [300, 2_000];
/** After the last payment: what has not come by then did not come. */
const PATIENCE_MS = 15_000;

type Walk = { begunNs: bigint; committedNs?: bigint; onWireNs?: bigint; bookedNs?: bigint; provenNs?: bigint };
const nowNs = (): bigint => process.hrtime.bigint();
const msBetween = (from?: bigint, to?: bigint): number[] =>
  from === undefined || to === undefined ? [] : [Number(to - from) / 1e6];
const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
const spread = (all: readonly number[]) => {
  const sorted = all.toSorted((a, b) => a - b);
  return { p50Ms: at(sorted, 0.5), p99Ms: at(sorted, 0.99), maxMs: sorted.at(-1) ?? NaN, count: all.length };
};

const folder = await mkdtemp(join(tmpdir(), "sanbiao-bench-"));
const server = await startEmbedded({ folder });
const owner = ownerPool(server.url);
const db = openDatabase(server.url, { max: 16 }); // as the service
try {
  await migrate(server.url);
  const clock: Clock = { now: () => instant(Date.now()) };
  await seedStation(owner, { homes: HOMES, gateways: GATEWAYS, dark: TOPUPS_ALL }, clock.now());
  const walks = new Map<number, Walk>();
  let booked = 0;
  const log = pino({ level: "warn" }, pino.destination(2));
  const collectors = await startCollectors({
    db,
    clock,
    telemetry: noTelemetry,
    log,
    host: "127.0.0.1",
    mqtt: { kind: "embedded", port: 0 },
    onCommitted: (readings) => {
      booked += readings.length;
      for (const { register, meterId, value } of readings) {
        const walk = register === REGISTERS.relay_state.code ? walks.get(Number(meterId)) : undefined;
        if (walk !== undefined && value === SUPPLY_STATES.connected) walk.bookedNs ??= nowNs();
      }
      billing.onReadings(readings);
    },
  });
  const billing = startBilling({
    db,
    clock,
    telemetry: noTelemetry,
    log,
    zone: "UTC",
    send: (...order) => collectors.send(...order),
    onSupply: ({ accountId, kind }) => {
      const walk = walks.get(Number(accountId));
      if (kind === "restored" && walk !== undefined) walk.provenNs ??= nowNs();
    },
    onRun: () => undefined,
  });
  await billing.engine.idle(); // the first sweep has looked at every home
  const words = [collectors.mqttPort, HOMES, GATEWAYS, TOPUPS_ALL, EVERY_MS, RELAY_MS].map(String);
  const meters = fork(new URL("./reconnect/meters.ts", import.meta.url), words);
  const [hello] = (await Promise.race([once(meters, "message"), once(meters, "exit")])) as [unknown];
  if (hello !== "ready") throw new Error(`the meters did not come up: ${String(hello)}`);
  meters.on("message", ({ home, action, atNs }: Heard) => {
    const walk = walks.get(home);
    if (action === "connect" && walk !== undefined) walk.onWireNs ??= BigInt(atNs);
  });
  await pause(EVERY_MS); // every meter has spoken once
  say(`${HOMES} meters online, ${TOPUPS} top-ups a second for ${SECONDS} s`);
  const [bookedBefore, cpuBefore, begun] = [booked, process.cpuUsage(), performance.now()];
  await topUps(async (home) => {
    const walk: Walk = { begunNs: nowNs() };
    walks.set(home, walk);
    await takePayment(db, {
      operatorId: 1n,
      accountId: BigInt(home),
      amount: money("CNY", 10_000n),
      channel: "wallet",
      key: `bench-${home}`,
      at: clock.now(),
    });
    walk.committedNs = nowNs();
    billing.onPayment(1n, BigInt(home));
  });
  const seconds = (performance.now() - begun) / 1000;
  const perSecond = (booked - bookedBefore) / seconds;
  const cpu = process.cpuUsage(cpuBefore);
  const isOpen = (): boolean => [...walks.values()].some(({ provenNs }) => provenNs === undefined);
  for (const until = performance.now() + PATIENCE_MS; isOpen() && performance.now() < until; ) await pause(50);
  const load = loadavg()[0] ?? NaN;
  meters.disconnect();
  await once(meters, "exit");
  await billing.stop();
  await collectors.stop();
  tell([...walks.values()], { perSecond, load, busy: (cpu.user + cpu.system) / 1e6 / seconds });
} finally {
  await db.close();
  await owner.end();
  await server.stop();
  await removeCluster(folder);
}

/** Open loop: a slow answer does not hold the next customer back. */
async function topUps(pay: (home: number) => Promise<void>): Promise<void> {
  const begun = performance.now();
  const all: Promise<void>[] = [];
  for (let home = 1; home <= TOPUPS_ALL; home++) {
    await pause(Math.max(0, begun + (home * 1000) / TOPUPS - performance.now()));
    all.push(pay(home));
  }
  await Promise.all(all);
}

function tell(walks: readonly Walk[], load: { perSecond: number; load: number; busy: number }): void {
  const payment = spread(walks.flatMap(({ begunNs, committedNs }) => msBetween(begunNs, committedNs)));
  const onWire = spread(walks.flatMap(({ committedNs, onWireNs }) => msBetween(committedNs, onWireNs)));
  const inBook = spread(walks.flatMap(({ onWireNs, bookedNs }) => msBetween(onWireNs, bookedNs)));
  const proven = spread(walks.flatMap(({ onWireNs, provenNs }) => msBetween(onWireNs, provenNs)));
  const isGood = onWire.p99Ms <= ON_WIRE_P99_MS && proven.p99Ms <= PROVEN_P99_MS && proven.count === walks.length;
  const result = {
    meters: HOMES,
    gateways: GATEWAYS,
    readingsPerSecond: load.perSecond,
    topUpsPerSecond: TOPUPS,
    relayMs: RELAY_MS,
    cores: cpus().length,
    machineLoad: load.load,
    processCpu: load.busy,
    topUps: walks.length,
    payment,
    onWire,
    inBook,
    proven,
    most: { onWireP99Ms: ON_WIRE_P99_MS, provenP99Ms: PROVEN_P99_MS },
  };
  report(result, () => {
    const row = (what: string, { p50Ms, p99Ms, maxMs, count }: typeof payment, most: number | "") => ({
      what,
      count,
      "p50 ms": Math.round(p50Ms),
      "p99 ms": Math.round(p99Ms),
      "max ms": Math.round(maxMs),
      "p99 at most": most,
    });
    return [
      tableText([
        row("payment: asked → committed", payment, ""),
        row("payment committed → order on the meter's wire", onWire, ON_WIRE_P99_MS),
        row("order on the wire → position in the book of readings", inBook, ""),
        row(`order on the wire → relay (${RELAY_MS} ms) proven in the books`, proven, PROVEN_P99_MS),
      ]),
      `${HOMES} meters on ${GATEWAYS} connections, ${Math.round(load.perSecond)} readings/s booked, ${TOPUPS} top-ups/s; ` +
        `${cpus().length} cores, load of the machine ${load.load.toFixed(1)}, this process ${load.busy.toFixed(2)} cores`,
      ...(proven.count === walks.length ? [] : [`${walks.length - proven.count} top-ups without proof`]),
    ].join("\n");
  });
  process.exitCode = isGood ? 0 : 1;
}

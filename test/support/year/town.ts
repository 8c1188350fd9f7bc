import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { Pool } from "pg";
import { pino } from "pino";
import { demoPlan, ZONE } from "../../../demo/plan.ts";
import { seedDemo } from "../../../demo/seed.ts";
import { DAY_MS, type Instant, instant, instantOfIso } from "../../../domain/instant.ts";
import { type Day, startOfDay } from "../../../domain/period.ts";
import { microOf } from "../../../domain/quantity.ts";
import { type ChosenFault, chosen } from "../../../simulators/faults/choice.ts";
import type { TownMeter } from "../../../simulators/town/meter.ts";
import type { Message } from "../../../simulators/town/payload.ts";
import { type RunningTown, startTown } from "../../../simulators/town/start.ts";
import { type FreshDatabase, freshDatabase, ownerPool } from "../database.ts";

/** 16 flats with electricity, water and gas, four prepaid homes: 20 accounts. */
const SIZE = { flats: 16, homes: 4 };
export const FIRST_DAY = "2026-01-01" as Day;

/** How often and how long, for a meter that is asked once a day: some of everything each week, each on a part of the meters. */
export const YEAR_FAULTS: readonly ChosenFault[] = [
  chosen("crc-error", { every: 8700, minutes: 1440, meters: 30, answers: 1 }),
  chosen("swapped-reply", { every: 8700, minutes: 1440, meters: 30, answers: 1 }),
  chosen("late-reply", { every: 8700, minutes: 1440, meters: 30, answers: 1, ms: 200 }),
  chosen("exception-reply", { every: 8700, minutes: 1440, meters: 30, answers: 3 }),
  chosen("no-reply", { every: 8700, minutes: 1440, meters: 30 }),
  chosen("dropped-link", { every: 8700, minutes: 1440, meters: 30, answers: 1 }),
  chosen("stuck-register", { every: 4320, minutes: 7200, meters: 40 }),
  chosen("transient-zero", { every: 4320, minutes: 1440, meters: 40 }),
  chosen("sentinel-value", { every: 4320, minutes: 1440, meters: 40 }),
  chosen("rollover", { every: 8700, minutes: 0, meters: 25 }),
  chosen("jump", { every: 8700, minutes: 0, meters: 20, by: 900 }),
  chosen("reversed-wiring", { every: 8700, minutes: 4320, meters: 20 }),
  chosen("clock-drift", { every: 2880, minutes: 7200, meters: 40, seconds: 60 }),
  chosen("clock-jump", { every: 4320, minutes: 2880, meters: 30, hours: 50 }),
  chosen("duplicate-uplink", { every: 480, minutes: 2880, after: 30 }),
  chosen("reordered-uplink", { every: 2160, minutes: 8640, by: 4000 }),
  chosen("delayed-uplink", { every: 2880, minutes: 7200, meters: 50 }),
  chosen("gateway-restart", { every: 720, minutes: 0, kept: 240 }),
];

const ON_WIRES = ["crc-error", "swapped-reply", "late-reply", "exception-reply", "no-reply", "dropped-link"] as const;

/** How often a device speaks. */
export const EVERY_MS = { sanbiao: DAY_MS / 2, wmbusmeters: DAY_MS, chirpstack: DAY_MS } as const;

/** One value of a main register that the broker acknowledged. */
export type Said = {
  readonly meter: TownMeter;
  readonly at: Instant;
  /** `null`: no number, or a time that is none. */
  readonly value: bigint | null;
  readonly message: Message;
};

export class Year {
  readonly fresh: FreshDatabase;
  readonly owner: Pool;
  readonly town: RunningTown;
  readonly operatorIds: readonly bigint[];
  readonly meterIds: ReadonlyMap<string, bigint>;
  /** Acknowledged and not yet looked for in the book. */
  readonly said: Said[];
  readonly since: Instant;
  readonly #move: (at: Instant) => void;
  readonly #now: () => Instant;
  readonly #port: number;
  #service: ChildProcess | null = null;

  private constructor(parts: {
    fresh: FreshDatabase;
    owner: Pool;
    town: RunningTown;
    operatorIds: readonly bigint[];
    meterIds: ReadonlyMap<string, bigint>;
    said: Said[];
    since: Instant;
    move: (at: Instant) => void;
    now: () => Instant;
    port: number;
  }) {
    this.fresh = parts.fresh;
    this.owner = parts.owner;
    this.town = parts.town;
    this.operatorIds = parts.operatorIds;
    this.meterIds = parts.meterIds;
    this.said = parts.said;
    this.since = parts.since;
    this.#move = parts.move;
    this.#now = parts.now;
    this.#port = parts.port;
  }

  static async begin(seed: number, faults: readonly ChosenFault[]): Promise<Year> {
    let now = instant(startOfDay(FIRST_DAY, ZONE));
    const since = now;
    const clock = { speed: 1, now: () => now, realMs: (ms: number) => ms };
    const said: Said[] = [];
    const fresh = await freshDatabase();
    const owner = ownerPool(fresh.ownerUrl);
    const town = await startTown({
      seed,
      ...SIZE,
      clock,
      host: "127.0.0.1",
      secret: "a year",
      log: pino({ level: "silent" }),
      faults: { chosen: faults, seed, since },
      devices: {
        everyMs: EVERY_MS,
        onAcknowledged: (meter, message) => void said.push(saidOf(meter, message)),
      },
    });
    const seeded = await seedTown({ owner, fresh, town, since });
    const { rows } = await owner.query<{ id: bigint; serial: string }>("select id, serial from meter");
    const port = await freePort();
    const year = new Year({
      fresh,
      owner,
      town,
      operatorIds: seeded.map(({ operatorId }) => operatorId),
      meterIds: new Map(rows.map(({ serial, id }) => [serial, id])),
      said,
      since,
      move: (at) => (now = at),
      now: () => now,
      port,
    });
    await year.startService();
    town.goLive(`mqtt://127.0.0.1:${port}`);
    return year;
  }

  get now(): Instant {
    return this.#now();
  }

  async startService(): Promise<void> {
    const words = [this.fresh.url, String(this.#port), String(this.now)];
    const service = fork(new URL("./service.ts", import.meta.url), words);
    const [said] = (await Promise.race([once(service, "message"), once(service, "exit")])) as [unknown];
    if (said !== "ready") throw new Error(`the service did not start: ${String(said)}`);
    this.#service = service;
  }

  async kill(): Promise<void> {
    const gone = this.#service === null ? null : once(this.#service, "exit");
    this.#service?.kill("SIGKILL");
    await gone;
  }

  /** The clock moves; devices speak, buses are asked. Resolves when all of it is acknowledged. */
  async step(to: Instant): Promise<void> {
    this.#move(to);
    await Promise.all([this.town.step(), this.#polled(to)]);
  }

  /** The same, and the service is killed in the middle and started again. */
  async stepWithKill(to: Instant): Promise<void> {
    this.#move(to);
    const spoken = this.town.step();
    const before = this.said.length;
    this.#service?.send({ at: to, away: this.#away(to) });
    while (this.said.length === before && this.town.pending() > 0) await new Promise((turn) => setImmediate(turn));
    await this.kill();
    await this.startService();
    await Promise.all([spoken, this.#polled(to)]);
  }

  /** Meters that a fault keeps from answering now, or kept the day before: a slave must prove itself before it is asked again. */
  #away(at: Instant): string[] {
    const { faults } = this.town.state;
    return this.town.town.meters
      .filter((meter) =>
        ON_WIRES.some((fault) => [at, at - DAY_MS].some((then) => faults.at(fault, meter, then as Instant) !== null)),
      )
      .map(({ serial }) => String(this.meterIds.get(serial)));
  }

  async #polled(at: Instant): Promise<void> {
    const service = this.#service;
    if (service === null) return;
    const answer = new Promise<void>((done, fail) => {
      const onExit = (): void => fail(new Error("the service ended"));
      service.once("exit", onExit);
      service.once("message", () => {
        service.off("exit", onExit);
        done();
      });
    });
    service.send({ at, away: this.#away(at) });
    await answer;
  }

  async end(): Promise<void> {
    await this.town.stop();
    await this.kill();
    await this.owner.end();
    await this.fresh.drop();
  }
}

/** The town's people and meters in a book; the ids are the same each time. */
export function seedTown(options: {
  readonly owner: Pool;
  readonly fresh: FreshDatabase;
  readonly town: RunningTown;
  readonly since: Instant;
}): ReturnType<typeof seedDemo> {
  const { owner, fresh, town, since } = options;
  // The plan's books open with the month before.
  const plan = demoPlan({ seed: town.town.seed, ...SIZE, now: instant(since + 40 * DAY_MS) });
  return seedDemo({ owner, db: fresh.db, plan, buses: town.buses, passwordOf: town.passwordOf, now: since });
}

/** What a message says of its meter's main register, read here a second time and not by the collector's decoder. */
function saidOf(meter: TownMeter, message: Message): Said {
  const body = JSON.parse(message.payload) as Record<string, string | number>;
  if (meter.mqtt.dialect === "chirpstack") {
    const bytes = Buffer.from(String(body["data"]), "base64");
    const at = (bytes.readUInt32BE(1) * 1000) as Instant;
    return { meter, message, at, value: BigInt(bytes.readUInt32BE(5)) * 1000n };
  }
  const water = meter.mqtt.dialect === "wmbusmeters";
  const at = instantOfIso(String(body[water ? "timestamp" : "t"])) ?? (0 as Instant);
  const text = String(body[water ? "total_m3" : "energy_import_kwh"]);
  return { meter, message, at, value: microOf(text) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

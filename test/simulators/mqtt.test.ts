import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../broker/broker.ts";
import type { BrokerClient, Message, Verdict } from "../../broker/client.ts";
import { hashDevicePassword } from "../../broker/password.ts";
import { mqttProfileOf } from "../../catalog/meters/catalogue.ts";
import { samplesOf } from "../../collectors/decode/decoded.ts";
import { decodeMessage } from "../../collectors/decode/message.ts";
import { demoPlan, type PlannedClient } from "../../demo/plan.ts";
import { DAY_MS, HOUR_MS, type Instant, instant, MINUTE_MS } from "../../domain/instant.ts";
import { SUPPLY_STATES } from "../../domain/register.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import type { TownClock } from "../../simulators/town/clock.ts";
import { shownMicro, type TownMeter } from "../../simulators/town/meter.ts";
import { type RunningTown, startTown, townPasswords } from "../../simulators/town/start.ts";

/** The town's devices at the real broker with the rights and profiles that the demo gives them. */
const log = pino({ level: "silent" });
const SEED = 5;
const NOW = instant(Date.UTC(2026, 2, 1, 4, 5, 6));
const SECRET = "a secret of this test";
const plan = demoPlan({ seed: SEED, now: NOW });
const planned = new Map(plan.operators.flatMap((o) => o.clients.map((c) => [c.username, c] as const)));
const folder = mkdtempSync(join(tmpdir(), "town-"));
afterAll(() => rmSync(folder, { recursive: true }));

type Heard = { readonly meter: TownMeter; readonly register: string; readonly at: Instant; readonly value: bigint };

let now: Instant;
let clock: TownClock;
let broker: Broker;
let heard: Heard[];
let refused: string[];
let answers: string[];
let verdict: () => Verdict;
let town: RunningTown;

const listen = async (port = 0): Promise<Broker> => {
  const passwordOf = townPasswords(SECRET);
  const clients = new Map<string, BrokerClient>();
  await Promise.all(
    [...planned.values()].map(async ({ username, publishFilters, subscribeFilters }) => {
      const passwordHash = await hashDevicePassword(passwordOf(username));
      clients.set(username, {
        operatorId: 1n,
        username,
        passwordHash,
        publishFilters,
        subscribeFilters,
        enabled: true,
      });
    }),
  );
  return startBroker({
    port,
    host: "127.0.0.1",
    clock,
    telemetry: noTelemetry,
    log,
    credentials: { client: (username) => clients.get(username) },
    refusals: { keep: async (frame) => void refused.push(`${frame.reason} ${frame.detail}`) },
    onMessage: (client, message, settled) => {
      const said = verdict();
      if (said === "taken") read(client, message);
      setImmediate(() => settled(said));
    },
  });
};

/** As the collector does: the client's profiles in their order, the meter by client and device key. */
function read({ username }: BrokerClient, { topic, payload }: Message): void {
  const { profileIds } = planned.get(username) as PlannedClient;
  for (const id of profileIds) {
    const decoded = decodeMessage(mqttProfileOf(id), topic, payload, now);
    if (decoded.kind === "refused") continue;
    for (const { device, register, measuredAt, value } of samplesOf(decoded)) {
      const meter = town.town.meters.find((m) => m.mqtt.client === username && m.mqtt.deviceKey === device);
      if (meter === undefined || measuredAt === null) refused.push(`${username} ${String(device)}`);
      else heard.push({ meter, register, at: measuredAt, value });
    }
    if (decoded.messages.some((m) => m.refusals.length > 0)) refused.push(`${topic} ${payload.toString()}`);
    answers.push(...(decoded.answers ?? []).map((a) => `${a.id} ${a.error ?? "done"}`));
    return;
  }
  refused.push(`${topic} ${Buffer.from(payload).toString()}`);
}

beforeEach(async () => {
  now = NOW;
  clock = { speed: 1, now: () => now, realMs: (ms) => ms };
  heard = [];
  refused = [];
  answers = [];
  verdict = () => "taken";
  broker = await listen();
  town = await startTown({ seed: SEED, clock, host: "127.0.0.1", secret: SECRET, log });
});
afterEach(async () => {
  await town.stop();
  await broker.stop(100);
});

const url = (): string => `mqtt://127.0.0.1:${broker.port}`;
const main = (register: string): boolean => register === "energy_import_kwh" || register === "volume_m3";
/** Without valve and battery, which a gas frame tells too. */
const metered = (): Heard[] => heard.filter((h) => /_kwh$|_kvarh$|_max_kw$|_last_kw$|^volume_m3$/.test(h.register));
/** What dials of use show; a workshop's demand and reactive energy and a roof's export follow from it. */
const counted = (): Heard[] => metered().filter((h) => /_import.*_kwh$|^volume_m3$/.test(h.register));
const asShown = ({ meter, register, at, value }: Heard): boolean =>
  value ===
  shownMicro(
    meter,
    town.state,
    at,
    register === "energy_import_peak_kwh" ? "peak" : register === "energy_import_valley_kwh" ? "valley" : undefined,
  );
const later = (ms: number): void => {
  now = (now + ms) as Instant;
};

describe("the town's backlog", () => {
  test("arrives whole and decodes to the town's values", async () => {
    const to = NOW;
    const from = (to - 3 * DAY_MS) as Instant;
    const progress: number[] = [];
    const sent = await town.uploadBacklog({
      mqttUrl: url(),
      from,
      to,
      onProgress: (p) => progress.push(p.readings / p.of),
    });
    expect(refused).toEqual([]);
    expect(metered()).toHaveLength(sent);
    expect(progress.at(-1)).toBe(1);
    expect(counted().filter((h) => !asShown(h))).toEqual([]);
    expect(new Set(heard.map((h) => h.meter.serial)).size).toBe(town.town.meters.length);
    const keys = new Set(heard.map((h) => `${h.meter.serial} ${h.register} ${h.at}`));
    expect(keys.size).toBe(heard.length);
    expect(heard.every((h) => h.at >= from && h.at <= to)).toBe(true);
    const homes = heard.filter((h) => h.meter.utility === "electricity" && main(h.register));
    expect(homes.length).toBe(72 * (72 + 1) /* meters × hours, and the moment itself */);
    expect(town.state.uploadedTo).toBe(to);
  });

  test("goes on where the last start ended", async () => {
    town.state.keepUploaded((NOW - 2 * HOUR_MS) as Instant);
    await town.uploadBacklog({ mqttUrl: url() });
    expect(heard.length).toBeGreaterThan(0);
    expect(heard.every((h) => h.at >= NOW - 2 * HOUR_MS)).toBe(true);
  });

  test("is sent again when the broker could not keep it", async () => {
    let refusals = 3;
    verdict = () => (refusals-- > 0 ? "unavailable" : "taken");
    const sent = await town.uploadBacklog({ mqttUrl: url(), from: (NOW - 6 * HOUR_MS) as Instant });
    expect(new Set(metered().map((h) => `${h.meter.serial} ${h.register} ${h.at}`)).size).toBe(sent);
  });

  test("can be broken off", async () => {
    const stop = new AbortController();
    const upload = town.uploadBacklog({ mqttUrl: url(), onProgress: () => stop.abort(), signal: stop.signal });
    await expect(upload).rejects.toThrow(/abort/i);
    expect(town.state.uploadedTo).toBeNull();
  });
});

describe("live devices", () => {
  test("speak in their dialects on their own grid, and every value is the town's", async () => {
    town.goLive(url());
    town.goLive(url());
    later(16 * MINUTE_MS);
    const dialects = (): Set<string> => new Set(heard.filter((h) => main(h.register)).map((h) => h.meter.mqtt.dialect));
    await expect.poll(() => dialects().size).toBe(3);
    expect(refused).toEqual([]);
    expect(heard.filter((h) => main(h.register) && !asShown(h))).toEqual([]);
    expect(heard.every((h) => h.at <= now)).toBe(true);
  });

  test("keep what they could not send while the broker was away", async () => {
    town.goLive(url());
    later(5 * MINUTE_MS);
    await expect.poll(() => heard.length).toBeGreaterThan(50);
    const { port } = broker;
    await broker.stop(100);
    const before = now;
    later(10 * MINUTE_MS);
    await expect.poll(() => town.pending()).toBeGreaterThan(100);
    broker = await listen(port);
    await expect.poll(() => town.pending()).toBe(0);
    const relay = town.town.meters.find((m) => m.modbus === null && m.hasRelay);
    const missed = heard.filter((h) => h.meter === relay && h.register === "energy_import_kwh" && h.at > before);
    expect(new Set(missed.map((h) => h.at)).size).toBe(10);
  });

  test("a relay that hears its order answers, moves and says so", async () => {
    town.goLive(url());
    const relay = town.town.meters.find((m) => m.modbus === null && m.hasRelay);
    if (relay === undefined) throw new Error("no relay");
    const order = (action: string, id = action) =>
      broker.publishCommand({
        username: relay.mqtt.client,
        topic: `sanbiao/v1/${relay.mqtt.deviceKey}/command`,
        payload: JSON.stringify({ id, action }),
      });
    const positions = (): bigint[] =>
      heard.filter((h) => h.meter === relay && h.register === "relay_state").map((h) => h.value);
    await expect.poll(() => order("disconnect", "7")).toBe("acknowledged");
    await expect.poll(() => answers).toContain("7 done");
    expect(positions().at(-1)).toBe(SUPPLY_STATES.disconnected);
    expect(town.state.isOff(relay.serial)).toBe(true);

    await order("connect", "8");
    await expect.poll(() => positions().at(-1)).toBe(SUPPLY_STATES.connected);
    await order("explode", "9");
    await expect.poll(() => answers).toContain("9 unknown action");
  });

  test("a muted device is silent while the others speak", async () => {
    town.goLive(url());
    const [silent] = town.town.meters.filter((m) => m.mqtt.dialect === "wmbusmeters");
    town.faults.mute(silent?.serial ?? "");
    later(11 * MINUTE_MS);
    await expect.poll(() => heard.length).toBeGreaterThan(100);
    expect(heard.some((h) => h.meter === silent)).toBe(false);
  });
});

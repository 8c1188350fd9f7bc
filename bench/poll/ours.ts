import pino from "pino";
import { type ModbusCollector, startModbusCollector } from "../../collectors/modbus/collector.ts";
import { Link } from "../../collectors/modbus/link.ts";
import type { Sink } from "../../collectors/modbus/sink.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import { BLOCKS, expectedOf, GATEWAYS, IN_FLIGHT, PROFILE, unitsOf } from "./town.ts";

export const tally = { frames: 0, readings: 0, wrong: 0, refused: {} as Record<string, number>, gaps: 0 };

/** The collector as it runs in the service, polling without pause; `check` compares every value with what the gateway holds. */
export function startCollector(ports: readonly number[], check: boolean, timeoutMs: number): ModbusCollector {
  const expected = Array.from(
    { length: GATEWAYS },
    (_, gateway) => new Map(unitsOf(gateway).map((id) => [id, expectedOf(gateway, id)])),
  );
  const sink: Sink = {
    samples(meter, samples) {
      tally.frames++;
      tally.readings += samples.length;
      if (!check) return;
      const values = expected[Number(meter.operatorId)]?.get(meter.unitId);
      for (const sample of samples) if (values?.get(sample.register) !== sample.value) tally.wrong++;
    },
    refused(frame) {
      tally.refused[frame.reason] = (tally.refused[frame.reason] ?? 0) + 1;
    },
    gap() {
      tally.gaps++;
    },
  };
  const buses = ports.map((port, gateway) => ({
    id: `g${gateway}`,
    operatorId: BigInt(gateway),
    link: { kind: "tcp" as const, host: "127.0.0.1", port, timeoutMs, inFlightMax: IN_FLIGHT },
    units: unitsOf(gateway).map((unitId) => ({ meterId: BigInt(gateway * 1000 + unitId), unitId, profile: PROFILE })),
    intervals: { billing: 0 },
    slaveBackoff: { minMs: 5, maxMs: 50 },
    linkBackoff: { minMs: 1, maxMs: 50 },
  }));
  const clock = { now: () => instant(Date.now()) };
  return startModbusCollector({
    buses,
    clock,
    random: Math.random,
    telemetry: noTelemetry,
    log: pino({ level: "silent" }),
    sink,
  });
}

/** Links alone: the same requests without schedule and decoding. */
export class LinkClient {
  transactions = 0;
  #running = true;
  readonly #links: Link[] = [];
  readonly #loops: Promise<void>[] = [];

  static async start(ports: readonly number[]): Promise<LinkClient> {
    const client = new LinkClient();
    for (const [gateway, port] of ports.entries()) {
      const link = new Link({ kind: "tcp", host: "127.0.0.1", port, inFlightMax: IN_FLIGHT });
      await link.open();
      client.#links.push(link);
      const idle = unitsOf(gateway);
      for (let i = 0; i < IN_FLIGHT; i++) client.#loops.push(client.#loop(link, idle));
    }
    return client;
  }

  async #loop(link: Link, idle: number[]): Promise<void> {
    while (this.#running) {
      const unitId = idle.shift() ?? 1;
      for (const block of BLOCKS) {
        const outcome = await link.request({ kind: "read", unitId, ...block });
        if (outcome.kind === "words") this.transactions++;
      }
      idle.push(unitId);
    }
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
    await Promise.all(this.#links.map((link) => link.close()));
  }
}

import pino from "pino";
import { type ModbusCollector, startModbusCollector } from "../../collectors/modbus/collector.ts";
import type { LinkConfig } from "../../collectors/modbus/link.ts";
import type { Sink } from "../../collectors/modbus/sink.ts";
import { instant } from "../../domain/instant.ts";
import { noTelemetry } from "../../domain/telemetry.ts";
import type { Fault } from "../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../simulators/modbus/server.ts";
import { imageUnit } from "../../simulators/modbus/unit.ts";
import { imageOf, PROFILE } from "../poll/town.ts";

export type Wire = "tcp" | "rtu_over_tcp";
/** What goes wrong with unit 1 of the first gateway; `gateway` closes its port, `mute` lets it take connections and say nothing. */
export type Trouble =
  | { readonly kind: "slave"; readonly faults: readonly (Fault | null)[] }
  | { readonly kind: "gateway" | "mute" };

/** A gateway's own time for an answer, as of a fast RS-485 line. It makes the line the bottleneck and not this machine. */
const ANSWER_MS = 8;
/** A tenth of the usual one, and so are the phases: three time-outs weigh as much in 6 s as they do with 1 s in a minute. */
const TIMEOUT_MS = 100;
const IN_FLIGHT = 8;
/** As in the service, a tenth of it. */
const SLAVE_BACKOFF = { minMs: 100, maxMs: 30_000 };

/** Gateways with their slaves and the collector that polls them without pause. */
export class Estate {
  /** Polls that gave values, of all units that have no trouble. */
  polls = 0;
  readonly #servers: readonly ModbusServer[];
  readonly #collector: ModbusCollector;

  private constructor(servers: readonly ModbusServer[], wire: Wire, units: number, trouble: Trouble | null) {
    this.#servers = servers;
    const sink: Sink = {
      samples: ({ busId, unitId }) => {
        if (!(trouble !== null && busId === "g0" && (unitId === 1 || trouble.kind !== "slave"))) this.polls++;
      },
      refused: () => {},
      gap: () => {},
    };
    const buses = servers.map((server, g) => {
      const common = { host: "127.0.0.1", port: server.port, timeoutMs: TIMEOUT_MS };
      const link: LinkConfig =
        wire === "tcp" ? { kind: "tcp", inFlightMax: IN_FLIGHT, ...common } : { kind: "rtu_over_tcp", ...common };
      const meters = Array.from({ length: units }, (_, i) => ({
        meterId: BigInt(g * 1000 + i + 1),
        unitId: i + 1,
        profile: PROFILE,
      }));
      return {
        id: `g${g}`,
        operatorId: 1n,
        link,
        units: meters,
        intervals: { billing: 0 },
        slaveBackoff: SLAVE_BACKOFF,
      };
    });
    this.#collector = startModbusCollector({
      buses,
      clock: { now: () => instant(Date.now()) },
      random: Math.random,
      telemetry: noTelemetry,
      log: pino({ level: "silent" }),
      sink,
    });
  }

  static async open(wire: Wire, gateways: number, units: number, trouble: Trouble | null): Promise<Estate> {
    const servers: ModbusServer[] = [];
    for (let g = 0; g < gateways; g++) servers.push(await gateway(wire, g, units, g === 0 ? trouble : null));
    if (trouble?.kind === "gateway") await servers[0]?.stop();
    return new Estate(servers, wire, units, trouble);
  }

  async close(): Promise<void> {
    await this.#collector.stop();
    await Promise.all(this.#servers.map((server) => server.stop().catch(() => {})));
  }
}

function gateway(wire: Wire, g: number, units: number, trouble: Trouble | null): Promise<ModbusServer> {
  const slaves = new Map(
    Array.from({ length: units }, (_, i) => {
      const words = imageOf(g, i + 1);
      return [i + 1, imageUnit({ input: { start: 0, words }, holding: { start: 0, words } })] as const;
    }),
  );
  let nth = 0;
  const healthy: Fault = { kind: "late", ms: ANSWER_MS };
  return startModbusServer({
    kind: wire,
    host: "127.0.0.1",
    port: 0,
    units: slaves,
    faultPlan: ({ unitId }) => {
      if (trouble?.kind === "mute") return { kind: "silence" };
      if (trouble?.kind !== "slave" || unitId !== 1) return healthy;
      return trouble.faults[nth++ % trouble.faults.length] ?? healthy;
    },
  });
}

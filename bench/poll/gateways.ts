import type { Fault, FaultPlan } from "../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../simulators/modbus/server.ts";
import { imageUnit } from "../../simulators/modbus/unit.ts";
import { GATEWAYS, imageOf, unitsOf } from "./town.ts";

/** The other process: 32 gateways. Its first message has the ports; `faults` or `healthy` change what it does. */
const FAULTS: readonly Fault[] = [
  { kind: "crc_error" },
  { kind: "exception", code: 2 },
  { kind: "silence" },
  { kind: "late", ms: 120 },
  { kind: "late", ms: 40 },
  { kind: "held", requests: 256 },
  { kind: "held", requests: 3 },
  { kind: "swapped" },
  { kind: "short_reply" },
  { kind: "truncated" },
  { kind: "wrong_unit_id", unitId: 255 },
  { kind: "wrong_unit_id", unitId: 0 },
  { kind: "wrong_function" },
  { kind: "drop_mid_frame" },
  { kind: "close" },
  { kind: "garbage_length", length: 0xffff },
  { kind: "garbage_length", length: 0 },
  { kind: "wrong_protocol_id" },
  { kind: "duplicate" },
  { kind: "fragmented" },
  { kind: "all_ones" },
  { kind: "nan" },
];

let share = 0;
let injected: Record<string, number> = {};
let state = 1;
/** xorshift32: the same faults in every run. */
function chance(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}
const faultPlan: FaultPlan = () => {
  if (share === 0 || chance() >= share) return null;
  const fault = FAULTS[Math.floor(chance() * FAULTS.length)] ?? null;
  if (fault !== null) injected[fault.kind] = (injected[fault.kind] ?? 0) + 1;
  return fault;
};

const servers: ModbusServer[] = [];
for (let gateway = 0; gateway < GATEWAYS; gateway++) {
  const units = new Map(
    unitsOf(gateway).map((id) => {
      const words = imageOf(gateway, id);
      return [id, imageUnit({ input: { start: 0, words }, holding: { start: 0, words } })] as const;
    }),
  );
  servers.push(await startModbusServer({ kind: "tcp", host: "127.0.0.1", port: 0, units, faultPlan }));
}
process.on("message", (message: { share: number }) => {
  share = message.share;
  process.send?.({ injected, requests: servers.reduce((sum, server) => sum + server.requests(), 0) });
  injected = {};
});
process.on("disconnect", () => process.exit(0));
process.send?.({ ports: servers.map((server) => server.port) });

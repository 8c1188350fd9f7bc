import { setTimeout as wait } from "node:timers/promises";
import { Link, type LinkConfig } from "../../../collectors/modbus/link.ts";
import type { Outcome, ReadRequest } from "../../../collectors/modbus/request.ts";
import type { Fault, FaultPlan } from "../../../simulators/modbus/fault.ts";
import { type ModbusServer, startModbusServer } from "../../../simulators/modbus/server.ts";
import { imageUnit, type ModbusUnit } from "../../../simulators/modbus/unit.ts";

export type TcpKind = "tcp" | "rtu_over_tcp";
export type Rig = { readonly server: ModbusServer; readonly link: Link; close(): Promise<void> };

/** Every word tells whose it is: a value from elsewhere shows. */
export const wordOf = (unitId: number, address: number): number => unitId * 200 + address;

const WORDS = 200;
export function unitsWithOwnWords(count: number): Map<number, ModbusUnit> {
  const units = new Map<number, ModbusUnit>();
  for (let unitId = 1; unitId <= count; unitId++) {
    const words = Uint16Array.from({ length: WORDS }, (_, address) => wordOf(unitId, address));
    const bits = Uint16Array.from({ length: WORDS }, (_, address) => (wordOf(unitId, address) % 3 === 0 ? 1 : 0));
    units.set(unitId, imageUnit({ holding: { start: 0, words }, coil: { start: 0, words: bits } }));
  }
  return units;
}

export async function rigOf(
  kind: TcpKind,
  options: { timeoutMs?: number; inFlightMax?: number; faultPlan?: FaultPlan } = {},
): Promise<Rig> {
  const { timeoutMs = 150, faultPlan, ...rest } = options;
  const common = { kind, host: "127.0.0.1", port: 0, units: unitsWithOwnWords(64) };
  const server = await startModbusServer(faultPlan === undefined ? common : { ...common, faultPlan });
  const link = new Link({ kind, host: "127.0.0.1", port: server.port, timeoutMs, ...rest } as LinkConfig);
  await link.open();
  const close = async (): Promise<void> => {
    await link.close();
    await server.stop();
  };
  return { server, link, close };
}

export const readOf = (unitId: number, address: number, count: number): ReadRequest => ({
  kind: "read",
  unitId,
  table: "holding",
  address,
  count,
});

/** Opens the link when it is down, as its bus does, and asks. */
export async function ask(link: Link, request: ReadRequest): Promise<Outcome> {
  for (;;) {
    const closed = await link.open();
    if (closed !== null) return closed;
    const outcome = await link.request(request);
    if (outcome.kind !== "refused" || outcome.unsent !== true) return outcome;
  }
}

/** `right`, `refused: <reason>` or what is wrong. */
export function verdictOf(request: ReadRequest, outcome: Outcome): string {
  if (outcome.kind === "refused") return `refused: ${outcome.reason}`;
  if (outcome.kind === "written") return "WRONG: a read was answered as a write";
  const right = Array.from({ length: request.count }, (_, i) => wordOf(request.unitId, request.address + i));
  const got = [...outcome.words];
  return JSON.stringify(got) === JSON.stringify(right) ? "right" : `WRONG: ${JSON.stringify(got)}`;
}

export async function until(what: string, condition: () => boolean, ms = 30_000): Promise<void> {
  const deadline = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await wait(5);
  }
}

export const FAULTS: readonly { fault: Fault; tcp: string; rtu: string }[] = [
  { fault: { kind: "crc_error" }, tcp: "refused: exception_reply", rtu: "refused: crc_error" },
  { fault: { kind: "exception", code: 2 }, tcp: "refused: exception_reply", rtu: "refused: exception_reply" },
  { fault: { kind: "silence" }, tcp: "refused: timeout", rtu: "refused: timeout" },
  { fault: { kind: "late", ms: 200 }, tcp: "refused: timeout", rtu: "refused: timeout" },
  { fault: { kind: "held", requests: 256 }, tcp: "refused: timeout", rtu: "refused: timeout" },
  { fault: { kind: "short_reply" }, tcp: "refused: short_reply", rtu: "refused: short_reply" },
  { fault: { kind: "truncated" }, tcp: "refused: short_reply", rtu: "refused: short_reply" },
  { fault: { kind: "wrong_unit_id", unitId: 0 }, tcp: "refused: wrong_unit_id", rtu: "refused: wrong_unit_id" },
  { fault: { kind: "wrong_unit_id", unitId: 255 }, tcp: "refused: wrong_unit_id", rtu: "refused: wrong_unit_id" },
  { fault: { kind: "wrong_unit_id", unitId: 2 }, tcp: "refused: wrong_unit_id", rtu: "refused: wrong_unit_id" },
  { fault: { kind: "wrong_function" }, tcp: "refused: wrong_function", rtu: "refused: wrong_function" },
  { fault: { kind: "drop_mid_frame" }, tcp: "refused: link_down", rtu: "refused: link_down" },
  { fault: { kind: "close" }, tcp: "refused: link_down", rtu: "refused: link_down" },
  {
    fault: { kind: "garbage_length", length: 0xffff },
    tcp: "refused: malformed_payload",
    rtu: "refused: wrong_unit_id",
  },
  { fault: { kind: "garbage_length", length: 0 }, tcp: "refused: malformed_payload", rtu: "refused: wrong_unit_id" },
  { fault: { kind: "wrong_protocol_id" }, tcp: "refused: malformed_payload", rtu: "right" },
  { fault: { kind: "duplicate" }, tcp: "right", rtu: "refused: malformed_payload" },
  { fault: { kind: "fragmented" }, tcp: "right", rtu: "right" },
];

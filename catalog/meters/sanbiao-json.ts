import type { MqttProfile, ValueMap } from "../../domain/profile.ts";
import { REGISTERS, type RegisterName } from "../../domain/register.ts";
import { SUPPLY_COMMANDS, type SupplyCommand } from "../../domain/supply-command.ts";

const POSITIONS = {
  connected: "connected",
  disconnected: "disconnected",
  limited: "limited",
  moving: "moving",
  fault: "fault",
  on: "connected",
  off: "disconnected",
  open: "connected",
  closed: "disconnected",
} as const;

/** Every register under its own name and in its own unit. */
export const valuesByRegisterName = (prefix = ""): ValueMap[] =>
  (Object.keys(REGISTERS) as RegisterName[]).map((register) => {
    const path = `${prefix}${register}`;
    if (register === "relay_state" || register === "valve_state") return { register, path, states: POSITIONS };
    if (register === "online_state")
      return { register, path, codes: { online: 1, true: 1, "1": 1, offline: 0, false: 0, "0": 0 } };
    if (register === "alarm_state") return { register, path, codes: { ok: 0, "0": 0, "": 0, "*": 1 } };
    return { register, path };
  });

const COMMAND = "sanbiao/v1/{device}/command";
/** A relay's or valve's two ends have names that fit both; the others are called as they are. */
const ACTIONS: Partial<Record<SupplyCommand, string>> = { trip: "disconnect", direct_close: "connect" };
const order = (command: SupplyCommand) => ({
  topic: COMMAND,
  payload:
    command === "valve_trickle"
      ? `{"id":"{id}","action":"valve_trickle","percent":"{percent}"}`
      : `{"id":"{id}","action":"${ACTIONS[command] ?? command}"}`,
});

/**
 * Our own envelope, for devices and gateways that can be told what to send.
 * `sanbiao/v1/{device}/readings` one moment; `…/backlog` many, of one or of many meters; `…/command` down.
 */
export const sanbiaoJson: MqttProfile = {
  kind: "mqtt",
  id: "sanbiao-json",
  maker: "Sanbiao",
  model: "Plain JSON envelope",
  utilities: ["electricity", "gas", "water", "heat"],
  sources: [{ title: "docs/reference/profiles.md, section Envelope", note: "defined by this project" }],
  confidence: "documented",
  messages: [
    {
      topic: "sanbiao/v1/{device}/readings",
      payload: "json",
      time: [{ path: "t", format: "iso" }],
      values: valuesByRegisterName(),
      answer: { id: "command.id", result: "command.result", error: "command.error" },
    },
    {
      topic: "sanbiao/v1/{device}/backlog",
      payload: "json",
      device: { path: "device" },
      time: [{ path: "t", format: "iso", required: true }],
      each: "readings",
      values: valuesByRegisterName(),
    },
    {
      topic: "sanbiao/v1/{device}/online",
      payload: "text",
      values: [{ register: "online_state", codes: { online: 1, true: 1, "1": 1, offline: 0, false: 0, "0": 0 } }],
    },
    {
      topic: "sanbiao/v1/{device}/ack",
      payload: "json",
      values: [],
      answer: { id: "seq", result: "result", error: "reason", signed: true },
      quiet: true,
    },
    { topic: "sanbiao/v1/{device}/command", payload: "json", values: [], ignore: true },
  ],
  control: {
    commands: Object.fromEntries(
      (Object.keys(SUPPLY_COMMANDS) as SupplyCommand[]).map((command) => [command, order(command)]),
    ),
    status: { topic: COMMAND, payload: '{"id":"{id}","action":"status"}' },
    answers: true,
    signedTopic: COMMAND,
    readBack: "relay_state",
  },
  history: {
    topic: "sanbiao/v1/{device}/command",
    request: '{"id":"{id}","action":"history","from":"{from}","to":"{to}"}',
    every_s: 3600,
    keepsDays: 62,
  },
  samples: [
    {
      title: "one moment of a prepaid electricity meter",
      topic: "sanbiao/v1/3301-e-0007/readings",
      payload: '{"t":"2026-03-01T08:15:00Z","energy_import_kwh":"1234.56","power_w":812.5,"relay_state":"connected"}',
      expect: {
        device: "3301-e-0007",
        measuredAt: "2026-03-01T08:15:00Z",
        readings: { energy_import_kwh: "1234.56", power_w: "812.5", relay_state: "connected" },
      },
    },
    {
      title: "a value that is not a number is refused, its neighbour is kept",
      topic: "sanbiao/v1/3301-w-0007/readings",
      payload: '{"t":"2026-03-01T08:15:00+08:00","volume_m3":"17.043","flow_m3_per_h":"nan"}',
      expect: {
        device: "3301-w-0007",
        measuredAt: "2026-03-01T00:15:00Z",
        readings: { volume_m3: "17.043" },
        refused: { flow_m3_per_h: "not_a_number" },
      },
    },
    {
      title: "the backlog of a gateway: the element names the meter",
      topic: "sanbiao/v1/gateway-3/backlog",
      payload: '{"readings":[{"device":"G-0007","t":"2026-03-01T00:00:00Z","volume_m3":"88.1"}]}',
      expect: { device: "g-0007", measuredAt: "2026-03-01T00:00:00Z", readings: { volume_m3: "88.1" } },
    },
    {
      title: "a backlog element without a time",
      topic: "sanbiao/v1/gateway-3/backlog",
      payload: '{"readings":[{"volume_m3":"88.1"}]}',
      expect: { device: "gateway-3", readings: {}, refused: { frame: "malformed_payload" } },
    },
    {
      title: "a trailing comma",
      topic: "sanbiao/v1/3301-e-0007/readings",
      payload: '{"energy_import_kwh":"1234.56",}',
      expect: { readings: {}, refused: { frame: "malformed_json" } },
    },
  ],
};

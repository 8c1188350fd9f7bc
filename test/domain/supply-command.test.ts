import { describe, expect, test } from "vitest";
import { readAck, readCommand, refusalOf, writeAck, writeCommand } from "../../domain/command-envelope.ts";
import { instant } from "../../domain/instant.ts";
import {
  commandFor,
  forbidden,
  SUPPLY_COMMANDS,
  type SupplyCommand,
  takesSupply,
} from "../../domain/supply-command.ts";

const at = (iso: string) => instant(Date.parse(iso));

test("an intent becomes the command that the profile knows, and no other", () => {
  const knows = (...commands: SupplyCommand[]) => ({ commands: Object.fromEntries(commands.map((one) => [one, {}])) });
  const relay = knows("trip", "direct_close", "close_permitted");
  expect(commandFor("connect", relay)).toBe("direct_close");
  expect(commandFor("connect", { ...relay, customerPresses: true })).toBe("close_permitted");
  expect(commandFor("connect", { ...knows("direct_close"), customerPresses: true })).toBeNull(); // never past the button
  expect(commandFor("disconnect", relay, "trickle")).toBe("trip");
  const valve = knows("valve_open", "valve_close", "valve_trickle");
  expect([commandFor("connect", valve), commandFor("disconnect", valve)]).toEqual(["valve_open", "valve_close"]);
  expect(commandFor("disconnect", valve, "trickle")).toBe("valve_trickle");
  expect([commandFor("connect", knows()), commandFor("disconnect", knows("alarm_on"))]).toEqual([null, null]);
});

test("gas is switched by persons only, and the codes are those of DL/T 645", () => {
  for (const wish of ["connect", "disconnect", "valve_close", "valve_open"] as const) {
    expect(forbidden(wish, "gas", "engine")).toContain("person");
    expect(forbidden(wish, "gas", "person")).toBeNull();
    expect(forbidden(wish, "water", "engine")).toBeNull();
  }
  const codes = Object.values(SUPPLY_COMMANDS).flatMap(({ dlt645 }) => dlt645 ?? []);
  expect(codes).toEqual([0x1a, 0x1b, 0x1c, 0x2a, 0x2b, 0x3a, 0x3b]);
  expect((Object.keys(SUPPLY_COMMANDS) as SupplyCommand[]).filter(takesSupply)).toEqual([
    "trip",
    "valve_close",
    "valve_trickle",
  ]);
});

describe("the signed envelope", () => {
  const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
  const secretOf = (version: number) => (version === 1 ? SECRET : null);
  const COMMAND = {
    meter: "3301-e-0007",
    seq: 1_795_849_200_000,
    command: "trip",
    issued: at("2026-11-28T07:00:00Z"),
    expires: at("2026-11-28T07:00:30Z"),
    key: 1,
  } as const;
  const ACK = {
    meter: "3301-e-0007",
    seq: 1_795_849_200_000,
    result: "done",
    reason: "",
    state: "disconnected",
    at: at("2026-11-28T07:00:01.250Z"),
    key: 1,
    last: 1_795_849_200_000,
  } as const;

  test("is byte for byte the example of docs/reference/mqtt.md", () => {
    expect(writeCommand(COMMAND, SECRET)).toContain(
      '"mac":"c383007fc29614c19aa684640a24b71cf6c83905bd8a2a9d281276143723ee9c"',
    );
    expect(writeAck(ACK, SECRET)).toContain('"mac":"a557bed37d100cc526e95029d1375dc59107d9f48b381c4879ec8494862dc4d6"');
    expect(readCommand(writeCommand(COMMAND, SECRET), secretOf)).toEqual({ kind: "genuine", said: COMMAND });
    expect(readAck(JSON.parse(writeAck(ACK, SECRET)), secretOf)).toEqual({ kind: "genuine", said: ACK });
    const trickle = { ...COMMAND, command: "valve_trickle", percent: 7 } as const;
    expect(readCommand(writeCommand(trickle, SECRET), secretOf)).toEqual({ kind: "genuine", said: trickle });
  });

  test("does not survive a change of any field, nor a key that is not its own", () => {
    const body = JSON.parse(writeCommand(COMMAND, SECRET)) as Record<string, unknown>;
    const changes = { meter: "x", seq: 1, command: "direct_close", percent: 3, issued: "2026-11-28T07:00:01Z", key: 2 };
    for (const [field, value] of Object.entries({ ...changes, expires: "2027-01-01T00:00:00Z", mac: "00".repeat(32) }))
      expect(readCommand(JSON.stringify({ ...body, [field]: value }), secretOf).kind, field).toBe("forged");
    const ack = JSON.parse(writeAck(ACK, SECRET)) as Record<string, unknown>;
    for (const [field, value] of Object.entries({
      result: "refused",
      reason: "x",
      state: "connected",
      seq: 2,
      last: 3,
    }))
      expect(readAck({ ...ack, [field]: value }, secretOf).kind, field).toBe("forged");
    for (const junk of ["", "{", "null", "[]", '{"v":1}', '{"mac":7}'])
      expect(readCommand(junk, secretOf).kind).toBe("forged");
    expect(readAck(null, secretOf).kind).toBe("forged");
  });

  test("a device takes rising numbers in time, and nothing else", () => {
    const device = { meter: COMMAND.meter, now: COMMAND.issued };
    expect(refusalOf(COMMAND, { last: COMMAND.seq - 1 }, device)).toBeNull();
    expect(refusalOf(COMMAND, { last: COMMAND.seq }, device)).toBe("replay");
    expect(refusalOf(COMMAND, { last: 0 }, { ...device, now: instant(COMMAND.expires + 1) })).toBe("expired");
    expect(refusalOf(COMMAND, { last: 0 }, { ...device, meter: "other" })).toBe("other_meter");
  });
});

import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { decodeCommand } from "../../cli/decode.ts";
import type { Io } from "../../cli/io.ts";

const AT = ["--received-at", "2026-03-01T08:15:00Z"];

async function decode(words: readonly string[], stdin: string | Uint8Array = "") {
  const said = { out: "", err: "", code: 0 };
  const io: Io = {
    out: (text) => void (said.out += `${text}\n`),
    err: (text) => void (said.err += `${text}\n`),
    stdin: () => Promise.resolve(typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin),
    exit: (code) => void (said.code = code),
  };
  const command = decodeCommand(io)
    .exitOverride()
    .configureOutput({ writeOut: (t) => io.out(t), writeErr: (t) => io.err(t) });
  try {
    await command.parseAsync([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    io.exit(error.exitCode === 0 ? 0 : 2);
  }
  return said;
}
const json = (said: { out: string }): unknown => JSON.parse(said.out);

test("a payload on standard input is read, its own time kept", async () => {
  const said = await decode(
    ["--profile", "sanbiao-json", "--topic", "sanbiao/v1/w-1/readings", "--json", ...AT],
    '{"t":"2026-03-01T16:00:00+08:00","volume_m3":"17.043"}\n',
  );
  expect(said.code).toBe(0);
  expect(json(said)).toMatchObject({
    outcome: "decoded",
    samples: [
      {
        device: "w-1",
        register: "volume_m3",
        value: "17.043",
        unit: "m3",
        time: "2026-03-01T08:00:00Z",
        time_from: "meter",
      },
    ],
  });
});

test("without a topic the map that yields readings is taken", async () => {
  const said = await decode(["--profile", "tasmota", "--json", ...AT], '{"POWER":"OFF"}');
  expect(json(said)).toMatchObject({ samples: [{ register: "relay_state", value: "disconnected" }] });
});

test.each([
  [["--words", "0001 e240"], "1234.56"],
  [["--words", "0001", "e240"], "1234.56"],
  [["--words", "0x0001e240", "--at", "0x0:holding"], "1234.56"],
  [["--words", "0=0001e240"], "1234.56"],
])("words as people type them: %j", async (words, value) => {
  const said = await decode(["--profile", "acrel-ddsy1352", ...words, "--json", ...AT]);
  expect(json(said)).toMatchObject({ samples: [{ register: "energy_import_kwh", value }] });
});

test("hex on standard input is words too", async () => {
  const said = await decode(["--profile", "kaifeng-xintai-ultrasonic", "--json", ...AT], "1e85 0b3f\n");
  expect(json(said)).toMatchObject({ samples: [{ register: "volume_m3", value: "0.545" }] });
});

test("pulses are multiplied by their weight", async () => {
  const said = await decode([
    "--profile",
    "advantech-adam6050-gas-pulse",
    "--words",
    "1170 0001",
    "--multiplier",
    "0.01",
    "--json",
  ]);
  expect(json(said)).toMatchObject({ samples: [{ value: "700" }] });
});

test.each<[string, string[], string, string]>([
  ["all-ones", ["--profile", "abb-b23", "--words", "ffffffffffffffff"], "", "all_ones"],
  ["malformed JSON", ["--profile", "sanbiao-json"], "{,}", "malformed_json"],
  ["nothing on standard input", ["--profile", "wmbusmeters"], "", "malformed_json"],
  ["a topic of nobody", ["--profile", "sanbiao-json", "--topic", "x"], "{}", "unknown_topic"],
  ["words where no register is", ["--profile", "abb-b23", "--words", "0x1=0000"], "", "unmapped_payload"],
])("%s exits 1 and names the reason", async (_title, words, stdin, reason) => {
  const said = await decode([...words, "--json"], stdin);
  expect(said.code).toBe(1);
  expect(json(said)).toMatchObject({ outcome: "refused", refusals: [{ reason }] });
});

test.each<[string, string[]]>([
  ["an unknown profile", ["--profile", "acme"]],
  ["no profile", []],
  ["hex that is none", ["--profile", "abb-b23", "--words", "xyz1"]],
  ["half a word", ["--profile", "abb-b23", "--words", "123"]],
  ["an address beyond the table", ["--profile", "abb-b23", "--words", "70000=0001"]],
  ["a table of nobody", ["--profile", "abb-b23", "--words", "1:attic=0001"]],
  ["no words at all", ["--profile", "abb-b23"]],
  ["words for MQTT", ["--profile", "tasmota", "--words", "0001"]],
  ["a topic for Modbus", ["--profile", "abb-b23", "--topic", "x", "--words", "0001"]],
  ["a local time of receipt", ["--profile", "tasmota", "--received-at", "2026-03-01T08:15:00"]],
  ["a zone of nobody", ["--profile", "tasmota", "--zone", "Mars/Base"]],
  ["a multiplier of zero", ["--profile", "abb-b23", "--multiplier", "0", "--words", "0001"]],
  ["an unknown option", ["--frobnicate"]],
])("%s is wrong use and exits 2", async (_title, words) => {
  const said = await decode(words);
  expect(said.code).toBe(2);
  expect(said.err).not.toBe("");
  expect(said.out).toBe("");
});

test("a time that the books would refuse is said, and fails when asked to be strict", async () => {
  const payload = '{"t":"1970-01-01T00:00:00Z","volume_m3":1}';
  const said = await decode(["--profile", "sanbiao-json", "--json", ...AT], payload);
  expect(said.code).toBe(0);
  expect(json(said)).toMatchObject({ warnings: [{ reason: "past_timestamp" }] });
  expect((await decode(["--profile", "sanbiao-json", "--strict", ...AT], payload)).code).toBe(1);
});

test("the list names every profile with what it reads", async () => {
  const said = await decode(["--list", "--json"]);
  expect(json(said)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ id: "acrel-ddsy1352", kind: "modbus", control: true }),
      expect.objectContaining({ id: "wmbusmeters", kind: "mqtt", utilities: ["water", "gas", "heat", "electricity"] }),
    ]),
  );
});

test("a dialect with a memory takes lines, births first, as hex or base64", async () => {
  const birth =
    "08a097dcc3ca3312370a0d456e657267792f496d706f7274100118a097dcc3ca33200a4a120a07656e67556e69741207080c42036b57686900000000004a93401801";
  const lines = `spBv1.0/G/NBIRTH/E 1800\nspBv1.0/G/DBIRTH/E/m ${Buffer.from(birth, "hex").toString("base64")}\n`;
  const said = await decode(["--profile", "sparkplug-b", "--json", ...AT], lines);
  expect(said.code).toBe(0);
  expect(json(said)).toMatchObject({
    samples: [{ register: "online_state" }, { device: "g/e/m", register: "energy_import_kwh", value: "1234.5" }],
  });
  const early = await decode(["--profile", "sparkplug-b", "--topic", "spBv1.0/G/DDATA/E/m", "--json", ...AT], "1800\n");
  expect(early.code).toBe(1);
  expect(json(early)).toMatchObject({ reason: "before_birth" });
  const homie = await decode(
    ["--profile", "homie-4", "--json", ...AT],
    "homie/m/energy/total/$unit kWh\nhomie/m/energy/total 7\n",
  );
  expect(json(homie)).toMatchObject({ samples: [{ device: "m", value: "7" }] });
  expect((await decode(["--profile", "homie-4"], "homie/m/energy/total\n")).code).toBe(2);
});

import { Command } from "commander";
import { PROFILES } from "../catalog/meters/catalogue.ts";
import type { Decoded } from "../collectors/decode/decoded.ts";
import { decodeByAnyMap, decodeMessage } from "../collectors/decode/message.ts";
import { normalise, ratioApplied, type Ratios } from "../collectors/decode/normalise.ts";
import { decodeWords } from "../collectors/decode/words.ts";
import type { Sample } from "../domain/reading.ts";
import { type Instant, instantOfIso, MINUTE_MS } from "../domain/instant.ts";
import type { ModbusProfile, MqttProfile, Profile } from "../domain/profile.ts";
import { isRefused, printDecoded, printProfiles, type Warning } from "./decode-output.ts";
import { blocksOf } from "./decode-words.ts";
import { decodeLines } from "./decode-lines.ts";
import type { Io } from "./io.ts";

type Options = {
  profile?: string;
  topic?: string;
  words?: string[];
  at?: string;
  receivedAt?: string;
  zone?: string;
  multiplier?: string;
  ct?: string;
  vt?: string;
  list?: true;
  json?: true;
  strict?: true;
};

const EXAMPLES = `
Examples:
  echo '{"volume_m3":"17.043"}' | sanbiao decode --profile sanbiao-json
  sanbiao decode --profile acrel-ddsy1352 --words "0001 e240"
  sanbiao decode --profile abb-b23 --words 0x5000=000000000001e240 0x5b14=ffffffff
  sanbiao decode --list

Exit status: 0 read (or understood and nothing to keep), 1 refused, 2 wrong use.`;

export function decodeCommand(io: Io): Command {
  return new Command("decode")
    .description("Reads one payload (standard input) or register words as a meter profile does; needs no database")
    .option("--profile <id>", "meter profile (--list shows them)")
    .option("--topic <topic>", "MQTT topic; without it every map of the profile is tried")
    .option("--words <hex...>", "register words, as HEX or ADDRESS[:table]=HEX; may be repeated")
    .option(
      "--at <address>",
      "where plain HEX begins: ADDRESS[:table], decimal or 0x…; default: the profile's first register",
    )
    .option("--received-at <iso>", "time of receipt (default: now); for payloads without a time of their own")
    .option("--zone <name>", "IANA zone for times without an offset, as Asia/Shanghai")
    .option("--multiplier <decimal>", "what one count is worth, as 0.01 for a pulse of 0.01 m3")
    .option("--ct <decimal>", "current transformer ratio")
    .option("--vt <decimal>", "voltage transformer ratio")
    .option("--strict", "a time that the books would refuse is a refusal here too")
    .option("--list", "list the profiles")
    .option("--json", "one JSON document")
    .addHelpText("after", EXAMPLES)
    .action((options: Options) => decode(io, options));
}

async function decode(io: Io, options: Options): Promise<void> {
  if (options.list === true) return printProfiles(io, [...PROFILES.values()], options.json === true);
  if (options.profile === undefined) return wrongUse(io, "name a profile with --profile, or list them with --list");
  const profile = PROFILES.get(options.profile);
  if (profile === undefined)
    return wrongUse(io, `no profile is called ${options.profile}; sanbiao decode --list shows all ${PROFILES.size}`);
  const receivedAt = receiptOf(options);
  if (receivedAt === null)
    return wrongUse(io, `--received-at: not a time with an offset (2026-03-01T08:15:00Z): ${options.receivedAt}`);
  if (options.zone !== undefined && !isZone(options.zone)) return wrongUse(io, `--zone: not a zone: ${options.zone}`);
  const ratios = ratiosOf(options);
  if (ratios === null) return wrongUse(io, "--multiplier, --ct and --vt take plain decimals above zero, as 0.01 or 80");
  const raw = await decodedOf(io, profile, options, receivedAt);
  if (typeof raw === "string") return wrongUse(io, raw);
  const decoded = withRatios(raw, ratios);
  const warnings = warningsOf(decoded, receivedAt);
  if (profile.asks?.includes("pulse_weight") === true && options.multiplier === undefined)
    io.err(`note: ${profile.id} counts pulses; without --multiplier one pulse counts as one unit`);
  printDecoded(io, { profile, decoded, warnings, receivedAt, json: options.json === true });
  if (isRefused(decoded) || (options.strict === true && warnings.length > 0)) io.exit(1);
}

function wrongUse(io: Io, message: string): void {
  io.err(`sanbiao decode: ${message}`);
  io.exit(2);
}

const receiptOf = ({ receivedAt }: Options): Instant | null =>
  receivedAt === undefined ? (Date.now() as Instant) : instantOfIso(receivedAt);

function ratiosOf({ multiplier, ct, vt }: Options): Ratios | null {
  const given = Object.entries({ multiplier, ct, vt }).filter((e): e is [string, string] => e[1] !== undefined);
  if (given.some(([, text]) => !/^\d{1,9}(\.\d{1,9})?$/.test(text) || !/[1-9]/.test(text))) return null;
  return Object.fromEntries(given);
}

function withRatios(decoded: Decoded, ratios: Ratios): Decoded {
  if (decoded.kind === "refused") return decoded;
  const messages = decoded.messages.map((message) => {
    const samples: Sample[] = [];
    const refusals = [...message.refusals];
    for (const sample of message.samples) {
      const value = ratioApplied(sample, ratios);
      if (typeof value === "bigint") samples.push({ ...sample, value });
      else refusals.push({ register: sample.register, ...value });
    }
    return { ...message, samples, refusals };
  });
  return { ...decoded, messages };
}

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat("en", { timeZone: zone }) !== null;
  } catch {
    return false;
  }
}

/** @returns the result, or what is wrong with the command line */
async function decodedOf(io: Io, profile: Profile, options: Options, receivedAt: Instant): Promise<Decoded | string> {
  if (profile.kind === "dialect")
    return decodeLines(profile, new TextDecoder().decode(await io.stdin()), options.topic, receivedAt);
  if (profile.kind === "mqtt") return await decodedMessage(io, profile, options, receivedAt);
  if (options.topic !== undefined) return `${profile.id} speaks Modbus: it has no topics`;
  return await decodedWords(io, profile, options);
}

async function decodedMessage(
  io: Io,
  profile: MqttProfile,
  options: Options,
  receivedAt: Instant,
): Promise<Decoded | string> {
  if (options.words !== undefined || options.at !== undefined)
    return `${profile.id} speaks MQTT: give its payload on standard input, not --words`;
  const payload = withoutLastNewline(await io.stdin());
  return options.topic === undefined
    ? decodeByAnyMap(profile, payload, receivedAt, options.zone)
    : decodeMessage(profile, options.topic, payload, receivedAt, options.zone);
}

/** The newline that `echo` adds is not of the meter. */
function withoutLastNewline(bytes: Uint8Array): Uint8Array {
  const end = bytes.at(-1) === 10 ? (bytes.at(-2) === 13 ? 2 : 1) : 0;
  return bytes.subarray(0, bytes.length - end);
}

async function decodedWords(io: Io, profile: ModbusProfile, options: Options): Promise<Decoded | string> {
  const texts = options.words ?? [new TextDecoder().decode(await io.stdin())];
  const blocks = blocksOf(profile, texts, options.at);
  return typeof blocks === "string" ? blocks : decodeWords(profile, blocks);
}

/** A clock may run this far ahead before its readings are refused. */
const MAX_AHEAD_MS = 15 * MINUTE_MS;

/** What the door to the books would say about the times, so that a person sees it here already. */
function warningsOf(decoded: Decoded, receivedAt: Instant): Warning[] {
  if (decoded.kind === "refused") return [];
  return decoded.messages.flatMap((message) =>
    message.samples.flatMap((sample) => {
      const normal = normalise(sample, { now: receivedAt, receivedAt, maxAheadMs: MAX_AHEAD_MS });
      return "reason" in normal ? [{ device: message.device, register: sample.register, ...normal }] : [];
    }),
  );
}

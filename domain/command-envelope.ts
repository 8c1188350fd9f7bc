import { createHmac, timingSafeEqual } from "node:crypto";
import { type Instant, instantOfIso, isoOf } from "./instant.ts";
import { isSupplyCommand, type SupplyCommand } from "./supply-command.ts";

/**
 * Our own envelope for a command over MQTT: signed with a key of the meter alone, numbered so that no message counts twice, and short-lived.
 * `docs/reference/mqtt.md` describes it for makers of devices, with a worked example that a test recomputes.
 */
export type SignedCommand = {
  readonly meter: string;
  /** Strictly rising per meter, below 2^53. */
  readonly seq: number;
  readonly command: SupplyCommand | "status";
  readonly percent?: number;
  readonly issued: Instant;
  readonly expires: Instant;
  /** Version of the key that signs. */
  readonly key: number;
};

export type SignedAck = {
  readonly meter: string;
  readonly seq: number;
  readonly result: "done" | "refused";
  /** Empty when done. */
  readonly reason: string;
  /** Relay or valve as the device sees it now. */
  readonly state: string;
  readonly at: Instant;
  readonly key: number;
  /** The highest number that the device has taken: who fell behind goes on above it. */
  readonly last: number;
};

/** What is signed: one fact a line, in this order, UTF-8; times as they are written in the message. */
const commandText = (c: SignedCommand, issued: string, expires: string): string =>
  ["sanbiao-command/1", c.meter, c.seq, c.command, c.percent ?? "", issued, expires, c.key].join("\n");
const ackText = (a: SignedAck, at: string): string =>
  ["sanbiao-ack/1", a.meter, a.seq, a.result, a.reason, a.state, at, a.key, a.last].join("\n");

const macOf = (text: string, secret: Uint8Array): string => createHmac("sha256", secret).update(text).digest("hex");

function isMac(mac: unknown, text: string, secret: Uint8Array): boolean {
  if (typeof mac !== "string" || !/^[0-9a-f]{64}$/.test(mac)) return false;
  return timingSafeEqual(Buffer.from(mac, "hex"), Buffer.from(macOf(text, secret), "hex"));
}

/** The JSON that goes out. */
export function writeCommand(command: SignedCommand, secret: Uint8Array): string {
  const { meter, seq, command: what, percent, key } = command;
  const issued = isoOf(command.issued);
  const expires = isoOf(command.expires);
  const said = { v: 1, meter, seq, command: what, ...(percent === undefined ? {} : { percent }), issued, expires, key };
  return JSON.stringify({ ...said, mac: macOf(commandText(command, issued, expires), secret) });
}

export function writeAck(ack: SignedAck, secret: Uint8Array): string {
  const at = isoOf(ack.at);
  return JSON.stringify({ v: 1, ...ack, at, mac: macOf(ackText(ack, at), secret) });
}

export type Checked<T> =
  | { readonly kind: "genuine"; readonly said: T }
  | { readonly kind: "forged"; readonly why: string };

/** What a device reads: genuine, or not to be answered at all. `secretOf`: by key version. */
export function readCommand(payload: string, secretOf: (version: number) => Uint8Array | null): Checked<SignedCommand> {
  const body = objectOf(payload);
  const issued = instantAt(body, "issued");
  const expires = instantAt(body, "expires");
  const { meter, seq, command, percent, key } = body ?? {};
  const isCommand = typeof command === "string" && (isSupplyCommand(command) || command === "status");
  if (!isCommand || typeof meter !== "string" || !isCount(seq) || !isCount(key) || issued === null || expires === null)
    return { kind: "forged", why: "not a signed command" };
  if (percent !== undefined && !isCount(percent)) return { kind: "forged", why: "not a signed command" };
  const said: SignedCommand = {
    meter,
    seq,
    command: command as SignedCommand["command"],
    ...(percent === undefined ? {} : { percent }),
    issued,
    expires,
    key,
  };
  return checked(
    said,
    key,
    body?.["mac"],
    commandText(said, String(body?.["issued"]), String(body?.["expires"])),
    secretOf,
  );
}

/** What we read of a device's answer. */
export function readAck(body: unknown, secretOf: (version: number) => Uint8Array | null): Checked<SignedAck> {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : null;
  const at = instantAt(fields, "at");
  const { meter, seq, result, reason, state, key, last } = fields ?? {};
  const isResult = result === "done" || result === "refused";
  const areTexts = typeof meter === "string" && typeof reason === "string" && typeof state === "string";
  if (!isResult || !areTexts || !isCount(seq) || !isCount(key) || !isCount(last) || at === null)
    return { kind: "forged", why: "not a signed answer" };
  const said: SignedAck = { meter, seq, result, reason, state, at, key, last };
  return checked(said, key, fields?.["mac"], ackText(said, String(fields?.["at"])), secretOf);
}

function checked<T>(
  said: T,
  version: number,
  mac: unknown,
  text: string,
  secretOf: (version: number) => Uint8Array | null,
): Checked<T> {
  const secret = secretOf(version);
  if (secret === null) return { kind: "forged", why: `signed under key ${version}, which is not known` };
  return isMac(mac, text, secret)
    ? { kind: "genuine", said }
    : { kind: "forged", why: "the signature is not its key's" };
}

/** What a device remembers of commands. */
export type CommandMemory = { readonly last: number };

/** Why a device refuses a genuine command; `null`: it carries it out and remembers its number first. */
export function refusalOf(
  said: SignedCommand,
  memory: CommandMemory,
  device: { readonly meter: string; readonly now: Instant },
): "other_meter" | "replay" | "expired" | null {
  if (said.meter !== device.meter) return "other_meter";
  if (said.seq <= memory.last) return "replay";
  return device.now > said.expires ? "expired" : null;
}

function objectOf(payload: string): Record<string, unknown> | null {
  try {
    const body: unknown = JSON.parse(payload);
    return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const instantAt = (body: Record<string, unknown> | null, name: string): Instant | null => {
  const text = body?.[name];
  return typeof text === "string" ? instantOfIso(text) : null;
};
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

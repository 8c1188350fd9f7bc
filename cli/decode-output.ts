import type { Decoded } from "../collectors/decode/decoded.ts";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Profile } from "../domain/profile.ts";
import { decimalText } from "../domain/quantity.ts";
import type { Sample } from "../domain/reading.ts";
import type { Refusal } from "../domain/refusal.ts";
import { REGISTERS, type RegisterName, SUPPLY_STATES } from "../domain/register.ts";
import { type Io, printJson } from "./io.ts";

export type Warning = Refusal & { readonly device: string | null; readonly register: string };

/** Nothing could be read, and something should have been. */
export const isRefused = (decoded: Decoded): boolean =>
  decoded.kind === "refused" ||
  (decoded.messages.every((m) => m.samples.length === 0) && decoded.messages.some((m) => m.refusals.length > 0));

/** Decimal text in the register's unit; a supply position by its name, another state by its code. */
function valueText({ register, value }: Sample): string {
  if (REGISTERS[register].kind !== "state") return decimalText(value);
  const position = Object.entries(SUPPLY_STATES).find(([, code]) => code === value)?.[0];
  return (register === "relay_state" || register === "valve_state" ? position : undefined) ?? `${value}`;
}

type Result = {
  readonly profile: Profile;
  readonly decoded: Decoded;
  readonly warnings: readonly Warning[];
  readonly receivedAt: Instant;
  readonly json: boolean;
};

export function printDecoded(io: Io, result: Result): void {
  const document = documentOf(result);
  if (result.json) return printJson(io, document);
  for (const s of document.samples)
    io.out(
      [
        s.device ?? "-",
        s.register.padEnd(22),
        s.unit === "state" ? s.value : `${s.value} ${s.unit}`,
        `${s.time}${s.time_from === "meter" ? "" : " (receipt)"}`,
      ].join("  "),
    );
  for (const a of document.answers) io.out(`${a.device ?? "-"}  answers command ${a.id}: ${a.error ?? "done"}`);
  for (const w of document.warnings) io.err(`the books would refuse ${w.register} as ${w.reason}: ${w.detail}`);
  for (const r of document.refusals) io.err(`refused ${r.register}: ${r.reason}: ${r.detail}`);
  if (document.outcome === "ignored") io.out("understood; nothing in it is to be kept");
}

function documentOf({ profile, decoded, warnings, receivedAt }: Result) {
  const messages = decoded.kind === "refused" ? [] : decoded.messages;
  const frame =
    decoded.kind === "refused"
      ? [{ device: null, register: "frame", reason: decoded.reason, detail: decoded.detail }]
      : [];
  return {
    profile: profile.id,
    outcome: isRefused(decoded)
      ? "refused"
      : decoded.kind === "decoded" && decoded.ignored === true
        ? "ignored"
        : "decoded",
    reason: decoded.kind === "refused" ? decoded.reason : null,
    detail: decoded.kind === "refused" ? decoded.detail : null,
    samples: messages.flatMap((m) => m.samples.map((s) => sampleJson(m.device, s, receivedAt))),
    refusals: [...frame, ...messages.flatMap((m) => m.refusals.map((r) => ({ device: m.device, ...r })))],
    warnings,
    answers: decoded.kind === "decoded" ? (decoded.answers ?? []) : [],
  };
}

const sampleJson = (device: string | null, sample: Sample, receivedAt: Instant) => ({
  device,
  register: sample.register,
  value: valueText(sample),
  unit: REGISTERS[sample.register].unit,
  time: isoOf(sample.measuredAt ?? receivedAt),
  time_from: sample.measuredAt === null ? "receipt" : "meter",
});

export function printProfiles(io: Io, profiles: readonly Profile[], json: boolean): void {
  const rows = profiles.map((p) => ({
    id: p.id,
    kind: p.kind,
    utilities: p.utilities,
    maker: p.maker,
    model: p.model,
    registers: registersOf(p),
    control: p.control !== undefined,
    confidence: p.confidence,
    asks: p.asks ?? [],
    topics:
      p.kind === "dialect"
        ? p.filters
        : p.kind === "mqtt"
          ? p.messages.filter((m) => m.ignore !== true).map((m) => m.topic)
          : [],
  }));
  if (json) return printJson(io, rows);
  for (const r of rows)
    io.out(
      `${r.id.padEnd(30)} ${r.kind.padEnd(7)} ${r.utilities.join(",").padEnd(28)} ${`${r.registers.length}`.padStart(3)} registers${r.control ? ", control" : ""}  ${r.maker} ${r.model}`,
    );
}

const registersOf = (profile: Profile): RegisterName[] => [
  ...new Set(
    profile.kind === "modbus"
      ? profile.registers.map((r) => r.register)
      : profile.kind === "dialect"
        ? profile.metrics.map((m) => m.register)
        : profile.messages.flatMap((m) => [
            ...m.values.map((v) => v.register),
            ...(m.binary?.layouts.flatMap((layout) => layout.fields.map((f) => f.register)) ?? []),
          ]),
  ),
];

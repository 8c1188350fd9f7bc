import { sql } from "kysely";
import { estimationPolicyOf } from "../../catalog/estimation/catalogue.ts";
import { dialOf } from "../../catalog/meters/dials.ts";
import { factsOf } from "../../billing/estimate-ends.ts";
import { CodedError } from "../../domain/errors.ts";
import type { Estimate } from "../../domain/estimate.ts";
import { addDays, dayOf } from "../../domain/period.ts";
import { type Instant, instantOfIso } from "../../domain/instant.ts";
import { isRegisterName, type RegisterName, REGISTERS } from "../../domain/register.ts";
import type { Utility } from "../../domain/unit.ts";
import { stayAt } from "../../ledger/given-estimates.ts";
import { previewEstimates } from "../../metering/estimate/choose.ts";
import { atText, type Desk, quantityOf } from "../desk.ts";
import type { EstimatePreviewJson } from "../schemas/estimate.ts";

type Taken = { tariff_id: string | null; payment_mode: "postpaid" | "prepaid" | null; utility: Utility };

/** What each method makes of a register at an instant, those of the declared order first. */
export async function estimatePreview(
  desk: Desk,
  meterId: bigint,
  query: { readonly register: string; readonly at: string },
): Promise<EstimatePreviewJson> {
  const { register, at } = registerAndInstant(query);
  const place = await stayAt(desk.trx, meterId, at);
  if (place === null)
    throw new CodedError("request.not-found", `Meter ${meterId} hung at no usage point at that time.`);
  const taken = await takenAt(desk, place.usagePointId, at);
  const policy = estimationPolicyOf(taken.utility, taken.payment_mode ?? "postpaid");
  const agreement = { utility: taken.utility, tariffId: taken.tariff_id ?? "", stays: place.stays };
  const [facts] = await factsOf(
    desk.trx,
    { agreement, at, stay: place.stay, registers: [register], dials: dialOf },
    { zone: desk.zone, classBefore: at, restDays: policy?.restDays ?? [], until: desk.now },
  );
  const input = facts?.input ?? null;
  const readingOf = (reading: { at: Instant; value: bigint } | null) =>
    reading === null
      ? null
      : { at: atText(desk, reading.at), value: quantityOf(reading.value, REGISTERS[register].unit) };
  const order = policy?.order ?? [];
  return {
    meterId: String(meterId),
    register,
    at: atText(desk, at),
    last: readingOf(input?.last ?? null),
    next: readingOf(input?.next ?? null),
    policy:
      policy === null
        ? null
        : { id: policy.id, version: policy.version, titleZh: policy.title.zh, titleEn: policy.title.en },
    estimates:
      input === null
        ? []
        : previewEstimates(order, input).map((one) => ({ ...shown(one, register), rank: rankOf(order, one) })),
  };
}

export function registerAndInstant(of: { register: string; at: string }): { register: RegisterName; at: Instant } {
  const at = instantOfIso(of.at);
  if (at === null) throw new CodedError("request.invalid", "`at` is an instant in ISO 8601 with an offset.");
  if (!isRegisterName(of.register) || REGISTERS[of.register].kind !== "cumulative") {
    throw new CodedError("request.invalid", `\`register\`: ${of.register} is no counting register.`);
  }
  return { register: of.register, at };
}

const rankOf = (order: readonly string[], { method }: Estimate): number | null => {
  const place = order.indexOf(method);
  return place < 0 ? null : place + 1;
};

function shown(one: Estimate, register: RegisterName): Omit<EstimatePreviewJson["estimates"][number], "rank"> {
  const { unit } = REGISTERS[register];
  if (one.kind === "not_enough") {
    return { method: one.method, value: null, uncertainty: null, basis: {}, missing: one.missing };
  }
  const uncertainty = one.uncertainty === null ? null : quantityOf(one.uncertainty, unit);
  return { method: one.method, value: quantityOf(one.value, unit), uncertainty, basis: one.basis, missing: null };
}

/** Under which tariff the usage point was taken on the day that ends at the instant, and how its account pays. */
async function takenAt(desk: Desk, usagePointId: bigint, at: Instant): Promise<Taken> {
  const day = dayOf((at - 1) as Instant, desk.zone);
  const { rows } = await sql<Taken>`
    select p.utility, a.tariff_id, c.payment_mode from usage_point p
      left join agreement a on a.operator_id = p.operator_id and a.usage_point_id = p.id
       and a.from_day < ${addDays(day, 1)}::date and (a.to_day is null or a.to_day > ${day}::date)
      left join account c on c.operator_id = a.operator_id and c.id = a.account_id
     where p.operator_id = ${desk.operatorId} and p.id = ${usagePointId} order by a.from_day desc limit 1`.execute(
    desk.trx,
  );
  if (rows[0] === undefined) throw new CodedError("request.not-found", `There is no usage point ${usagePointId}.`);
  return rows[0];
}

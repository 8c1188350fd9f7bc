import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day, Zone } from "../domain/period.ts";
import { startOfDay } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import type { TariffVersionEventTable } from "../schema/tables/tariffs.ts";

type Trx = Transaction<Tables>;

export type TariffState = "draft" | "proposed" | "published" | "withdrawn";
export type Actor = { readonly id: bigint; readonly name: string; readonly at: Instant };

/** A version of an operator's own, with who did what. `document` is in the tariff language. */
export type OwnVersion = {
  readonly id: bigint;
  readonly tariffId: string;
  readonly version: string;
  readonly document: unknown;
  readonly hash: string;
  readonly state: TariffState;
  readonly edition: number;
  readonly effectiveFrom: Day;
  readonly isCorrection: boolean;
  readonly reason: string;
  readonly made: Actor;
  readonly changed: Actor;
  readonly proposed: Actor | null;
  readonly approved: Actor | null;
  readonly withdrawn: Actor | null;
};

/** What bills are priced by: read at each use, so that a publication needs no message to other processes. */
export async function publishedVersions(trx: Trx): Promise<{ readonly id: bigint; readonly hash: string }[]> {
  const { rows } = await sql<{ id: bigint; hash: string }>`
    select id, hash from sanbiao.tariff_version where operator_id = sanbiao.operator_id() and state = 'published'
     order by id`.execute(trx);
  return rows;
}

export async function publishedDocuments(
  trx: Trx,
  ids: readonly bigint[],
): Promise<{ readonly hash: string; readonly document: unknown }[]> {
  const { rows } = await sql<{ hash: string; document: unknown }>`
    select hash, document from sanbiao.tariff_version
     where operator_id = sanbiao.operator_id() and id = any(${`{${ids.join(",")}}`}::bigint[])`.execute(trx);
  return rows;
}

type Row = {
  id: bigint;
  tariff_id: string;
  version: string;
  document: unknown;
  hash: string;
  state: TariffState;
  edition: number;
  effective_from: Day;
  is_correction: boolean;
  reason: string;
} & { [A in "made" | "changed" | "proposed" | "approved" | "withdrawn" as `${A}_by`]: bigint | null } & {
  [A in "made" | "changed" | "proposed" | "approved" | "withdrawn" as `${A}_at`]: Instant | null;
} & { [A in "made" | "changed" | "proposed" | "approved" | "withdrawn" as `${A}_name`]: string | null };

/** All of an operator's own versions, or one; the newest first. `lock`: nobody changes it until the transaction ends. */
export async function ownVersions(trx: Trx, id: bigint | null = null, lock = false): Promise<OwnVersion[]> {
  const name = (by: string) =>
    sql`(select u.name from sanbiao.app_user u where u.operator_id = t.operator_id and u.id = t.${sql.ref(by)})`;
  const { rows } = await sql<Row>`
    select t.*, ${name("made_by")} as made_name, ${name("changed_by")} as changed_name,
           ${name("proposed_by")} as proposed_name, ${name("approved_by")} as approved_name,
           ${name("withdrawn_by")} as withdrawn_name
      from sanbiao.tariff_version t
     where t.operator_id = sanbiao.operator_id() and (${id}::bigint is null or t.id = ${id})
     order by t.tariff_id, t.effective_from desc, t.id desc ${lock ? sql`for update of t` : sql``}`.execute(trx);
  return rows.map(versionOfRow);
}

function versionOfRow(row: Row): OwnVersion {
  const actor = (id: bigint | null, name: string | null, at: Instant | null): Actor | null =>
    id === null || at === null ? null : { id, name: name ?? "", at };
  const made = actor(row.made_by, row.made_name, row.made_at);
  const changed = actor(row.changed_by, row.changed_name, row.changed_at);
  if (made === null || changed === null) throw new TypeError(`tariff version ${row.id} has no maker`);
  return {
    id: row.id,
    tariffId: row.tariff_id,
    version: row.version,
    document: row.document,
    hash: row.hash,
    state: row.state,
    edition: row.edition,
    effectiveFrom: row.effective_from,
    isCorrection: row.is_correction,
    reason: row.reason,
    made,
    changed,
    proposed: actor(row.proposed_by, row.proposed_name, row.proposed_at),
    approved: actor(row.approved_by, row.approved_name, row.approved_at),
    withdrawn: actor(row.withdrawn_by, row.withdrawn_name, row.withdrawn_at),
  };
}

export type TariffDeed = TariffVersionEventTable["deed"];

/** One deed on a version. `document`: what it was from then on, where the deed made or changed it. */
export type VersionEvent = {
  readonly deed: TariffDeed;
  readonly edition: number;
  readonly by: Actor;
  readonly reason: string;
  readonly document: unknown;
};

/** What became of a version, the oldest deed first. */
export async function versionHistory(trx: Trx, versionId: bigint): Promise<VersionEvent[]> {
  const rows = await trx
    .selectFrom("tariff_version_event as e")
    .innerJoin("app_user as u", (on) => on.onRef("u.operator_id", "=", "e.operator_id").onRef("u.id", "=", "e.by_user"))
    .select(["e.deed", "e.edition", "e.by_user", "u.name", "e.at", "e.reason", "e.document"])
    .where("e.version_id", "=", versionId)
    .orderBy("e.id")
    .execute();
  return rows.map(({ by_user, name, at, ...row }) => ({ ...row, by: { id: by_user, name, at } }));
}

/** What names a document: its fields stand in the row, too. */
export type TariffDocument = { readonly id: string; readonly version: string; readonly effectiveFrom: Day };
export type By = { readonly by: bigint; readonly at: Instant };

const written = (document: TariffDocument): { text: string; hash: string } => {
  const text = JSON.stringify(document);
  return { text, hash: createHash("sha256").update(text, "utf8").digest("hex") };
};

/** @returns its id; `null` when this tariff has a version of this name already */
export async function writeDraft(trx: Trx, document: TariffDocument, { by, at }: By): Promise<bigint | null> {
  const { text, hash } = written(document);
  const { rows } = await sql<{ id: bigint }>`
    insert into sanbiao.tariff_version (operator_id, tariff_id, version, document, hash, effective_from, made_by, made_at, changed_by, changed_at)
    values (sanbiao.operator_id(), ${document.id}, ${document.version}, ${text}::json, ${hash}, ${document.effectiveFrom}::date,
            ${by}, ${isoOf(at)}, ${by}, ${isoOf(at)})
    on conflict (operator_id, tariff_id, version) do nothing returning id`.execute(trx);
  return rows[0]?.id ?? null;
}

/** Replaces a draft that the caller holds locked. */
export async function changeDraft(trx: Trx, id: bigint, document: TariffDocument, { by, at }: By): Promise<void> {
  const { text, hash } = written(document);
  await sql`update sanbiao.tariff_version set document = ${text}::json, hash = ${hash}, effective_from = ${document.effectiveFrom}::date,
    edition = edition + 1, changed_by = ${by}, changed_at = ${isoOf(at)}
    where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
}

export type TariffStep =
  | { readonly to: "proposed"; readonly isCorrection: boolean; readonly reason: string }
  /** `reason`: why it was sent back; `""` is for who proposed it. */
  | { readonly to: "draft"; readonly reason: string }
  | { readonly to: "published" | "withdrawn" };

/** The next state of a version that the caller holds locked; the database refuses any other order. */
export async function stepVersion(trx: Trx, id: bigint, step: TariffStep, { by, at }: By): Promise<void> {
  const set = {
    draft: sql`proposed_by = null, proposed_at = null, is_correction = false, reason = '', edition = edition + 1,
      returned_by = ${by}, returned_at = ${isoOf(at)}, returned_reason = ${step.to === "draft" ? step.reason : ""}`,
    proposed: sql`proposed_by = ${by}, proposed_at = ${isoOf(at)}, edition = edition + 1,
      is_correction = ${step.to === "proposed" && step.isCorrection}, reason = ${step.to === "proposed" ? step.reason : ""}`,
    published: sql`approved_by = ${by}, approved_at = ${isoOf(at)}, edition = edition + 1`,
    withdrawn: sql`withdrawn_by = ${by}, withdrawn_at = ${isoOf(at)}`,
  }[step.to];
  await sql`update sanbiao.tariff_version set state = ${step.to}, ${set}
    where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
}

/** One publication after another for an operator: two at once could leave an overlap that neither saw. */
export const lockPublication = (trx: Trx): Promise<unknown> =>
  sql`select pg_advisory_xact_lock(hashtext('tariff_version'), hashtext(sanbiao.operator_id()::text))`.execute(trx);

/** Bills with lines of this tariff that reach beyond the beginning of a day. */
export async function billedBeyond(trx: Trx, tariffId: string, day: Day, zone: Zone): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(distinct l.bill_id)::int as n from sanbiao.bill b
      join sanbiao.bill_line l on l.operator_id = b.operator_id and l.bill_id = b.id
     where b.operator_id = sanbiao.operator_id() and b.period_to > ${isoOf(startOfDay(day, zone))}::timestamptz
       and l.tariff_id = ${tariffId}`.execute(trx);
  return rows[0]?.n ?? 0;
}

/** Managers who may publish besides this person. */
export async function otherManagers(trx: Trx, userId: bigint): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from sanbiao.app_user where operator_id = sanbiao.operator_id() and role = 'manager'
       and disabled_at is null and id <> ${userId} order by name`.execute(trx);
  return rows.map((row) => row.name);
}

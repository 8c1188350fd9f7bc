import { createHash } from "node:crypto";
import { sql, type Transaction } from "kysely";
import { type Instant, isoOf } from "../domain/instant.ts";
import type { Day } from "../domain/period.ts";
import type { Tables } from "../schema/tables.ts";
import type { OwnVersionEventTable } from "../schema/tables/own-versions.ts";

type Trx = Transaction<Tables>;

export type VersionState = "draft" | "proposed" | "published" | "withdrawn";
export type Actor = { readonly id: bigint; readonly name: string; readonly at: Instant };

/** A version of one of an operator's own documents, with who did what. `document` is in the language of its book. */
export type OwnVersion = {
  readonly id: bigint;
  /** Of the tariff or policy that it is a version of. */
  readonly documentId: string;
  readonly version: string;
  readonly document: unknown;
  readonly hash: string;
  readonly state: VersionState;
  readonly edition: number;
  readonly effectiveFrom: Day;
  /** A tariff's alone: it takes effect within months that are billed already. */
  readonly isCorrection: boolean;
  readonly reason: string;
  readonly made: Actor;
  readonly changed: Actor;
  readonly proposed: Actor | null;
  readonly approved: Actor | null;
  readonly withdrawn: Actor | null;
};

/** One deed on a version. `document`: what it was from then on, where the deed made or changed it. */
export type VersionEvent = {
  readonly deed: OwnVersionEventTable["deed"];
  readonly edition: number;
  readonly by: Actor;
  readonly reason: string;
  readonly document: unknown;
};

/** What names a document: its fields stand in the row, too. */
export type NamedDocument = { readonly id: string; readonly version: string; readonly effectiveFrom: Day };
export type By = { readonly by: bigint; readonly at: Instant };

export type VersionStep =
  | { readonly to: "proposed"; readonly isCorrection?: boolean; readonly reason: string }
  /** `reason`: why it was sent back; `""` is for who proposed it. */
  | { readonly to: "draft"; readonly reason: string }
  | { readonly to: "published" | "withdrawn" };

type Did = "made" | "changed" | "proposed" | "approved" | "withdrawn";
type Row = {
  id: bigint;
  document_id: string;
  version: string;
  document: unknown;
  hash: string;
  state: VersionState;
  edition: number;
  effective_from: Day;
  is_correction?: boolean;
  reason: string;
} & { [A in Did as `${A}_by`]: bigint | null } & { [A in Did as `${A}_at`]: Instant | null } & {
  [A in Did as `${A}_name`]: string | null;
};

/** The versions of an operator's own tariffs, or of its own policies: drafts change, what is published never does. */
export class VersionBook {
  readonly kind: "tariff" | "policy";
  readonly #table;
  readonly #events;
  readonly #documentId;

  constructor(kind: "tariff" | "policy") {
    this.kind = kind;
    this.#table = sql.table(`sanbiao.${kind}_version`);
    this.#events = sql.table(`sanbiao.${kind}_version_event`);
    this.#documentId = sql.ref(`${kind}_id`);
  }

  /** Read at each use, so that a publication needs no message to other processes. */
  async published(trx: Trx): Promise<{ readonly id: bigint; readonly hash: string }[]> {
    const { rows } = await sql<{ id: bigint; hash: string }>`
      select id, hash from ${this.#table} where operator_id = sanbiao.operator_id() and state = 'published'
       order by id`.execute(trx);
    return rows;
  }

  async documents(trx: Trx, ids: readonly bigint[]): Promise<{ readonly hash: string; readonly document: unknown }[]> {
    const { rows } = await sql<{ hash: string; document: unknown }>`
      select hash, document from ${this.#table}
       where operator_id = sanbiao.operator_id() and id = any(${`{${ids.join(",")}}`}::bigint[])`.execute(trx);
    return rows;
  }

  /** All of an operator's own versions, or one; the newest first. `lock`: nobody changes it until the transaction ends. */
  async versions(trx: Trx, id: bigint | null = null, lock = false): Promise<OwnVersion[]> {
    const name = (by: Did) =>
      sql`(select u.name from sanbiao.app_user u where u.operator_id = t.operator_id and u.id = t.${sql.ref(`${by}_by`)}) as ${sql.ref(`${by}_name`)}`;
    const names = (["made", "changed", "proposed", "approved", "withdrawn"] as const).map(name);
    const { rows } = await sql<Row>`
      select t.*, t.${this.#documentId} as document_id, ${sql.join(names)} from ${this.#table} t
       where t.operator_id = sanbiao.operator_id() and (${id}::bigint is null or t.id = ${id})
       order by t.${this.#documentId}, t.effective_from desc, t.id desc ${lock ? sql`for update of t` : sql``}`.execute(
      trx,
    );
    return rows.map(versionOfRow);
  }

  /** What became of a version, the oldest deed first. */
  async history(trx: Trx, versionId: bigint): Promise<VersionEvent[]> {
    const { rows } = await sql<Omit<VersionEvent, "by"> & { by_user: bigint; name: string; at: Instant }>`
      select e.deed, e.edition, e.by_user, u.name, e.at, e.reason, e.document from ${this.#events} e
        join sanbiao.app_user u on u.operator_id = e.operator_id and u.id = e.by_user
       where e.operator_id = sanbiao.operator_id() and e.version_id = ${versionId} order by e.id`.execute(trx);
    return rows.map(({ by_user, name, at, ...row }) => ({ ...row, by: { id: by_user, name, at } }));
  }

  /** @returns its id; `null` when there is a version of this name already */
  async writeDraft(trx: Trx, document: NamedDocument, { by, at }: By): Promise<bigint | null> {
    const { text, hash } = written(document);
    const { rows } = await sql<{ id: bigint }>`
      insert into ${this.#table} (operator_id, ${this.#documentId}, version, document, hash, effective_from, made_by, made_at, changed_by, changed_at)
      values (sanbiao.operator_id(), ${document.id}, ${document.version}, ${text}::json, ${hash}, ${document.effectiveFrom}::date,
              ${by}, ${isoOf(at)}, ${by}, ${isoOf(at)})
      on conflict (operator_id, ${this.#documentId}, version) do nothing returning id`.execute(trx);
    return rows[0]?.id ?? null;
  }

  /** Replaces a draft that the caller holds locked. */
  async changeDraft(trx: Trx, id: bigint, document: NamedDocument, { by, at }: By): Promise<void> {
    const { text, hash } = written(document);
    await sql`update ${this.#table} set document = ${text}::json, hash = ${hash}, effective_from = ${document.effectiveFrom}::date,
      edition = edition + 1, changed_by = ${by}, changed_at = ${isoOf(at)}
      where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  }

  /** The next state of a version that the caller holds locked; the database refuses any other order. */
  async step(trx: Trx, id: bigint, step: VersionStep, { by, at }: By): Promise<void> {
    const correction = (is: boolean) => (this.kind === "tariff" ? sql`is_correction = ${is},` : sql``);
    const set = {
      draft: sql`${correction(false)} proposed_by = null, proposed_at = null, reason = '', edition = edition + 1,
        returned_by = ${by}, returned_at = ${isoOf(at)}, returned_reason = ${step.to === "draft" ? step.reason : ""}`,
      proposed: sql`${correction(step.to === "proposed" && step.isCorrection === true)} proposed_by = ${by},
        proposed_at = ${isoOf(at)}, edition = edition + 1, reason = ${step.to === "proposed" ? step.reason : ""}`,
      published: sql`approved_by = ${by}, approved_at = ${isoOf(at)}, edition = edition + 1`,
      withdrawn: sql`withdrawn_by = ${by}, withdrawn_at = ${isoOf(at)}`,
    }[step.to];
    await sql`update ${this.#table} set state = ${step.to}, ${set}
      where operator_id = sanbiao.operator_id() and id = ${id}`.execute(trx);
  }

  /** One publication after another for an operator: two at once could leave an overlap that neither saw. */
  async lockPublication(trx: Trx): Promise<void> {
    await sql`select pg_advisory_xact_lock(hashtext(${`${this.kind}_version`}), hashtext(sanbiao.operator_id()::text))`.execute(
      trx,
    );
  }
}

function versionOfRow(row: Row): OwnVersion {
  const actor = (id: bigint | null, name: string | null, at: Instant | null): Actor | null =>
    id === null || at === null ? null : { id, name: name ?? "", at };
  const made = actor(row.made_by, row.made_name, row.made_at);
  const changed = actor(row.changed_by, row.changed_name, row.changed_at);
  if (made === null || changed === null) throw new TypeError(`version ${row.id} has no maker`);
  return {
    id: row.id,
    documentId: row.document_id,
    version: row.version,
    document: row.document,
    hash: row.hash,
    state: row.state,
    edition: row.edition,
    effectiveFrom: row.effective_from,
    isCorrection: row.is_correction ?? false,
    reason: row.reason,
    made,
    changed,
    proposed: actor(row.proposed_by, row.proposed_name, row.proposed_at),
    approved: actor(row.approved_by, row.approved_name, row.approved_at),
    withdrawn: actor(row.withdrawn_by, row.withdrawn_name, row.withdrawn_at),
  };
}

const written = (document: NamedDocument): { text: string; hash: string } => {
  const text = JSON.stringify(document);
  return { text, hash: createHash("sha256").update(text, "utf8").digest("hex") };
};

/** Managers who may publish besides this person. */
export async function otherManagers(trx: Trx, userId: bigint): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from sanbiao.app_user where operator_id = sanbiao.operator_id() and role = 'manager'
       and disabled_at is null and id <> ${userId} order by name`.execute(trx);
  return rows.map((row) => row.name);
}

import { createHash } from "node:crypto";
import { sql } from "kysely";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, isoOf } from "../../domain/instant.ts";
import { dayOf, type Zone } from "../../domain/period.ts";
import type { OperatorId } from "../../domain/reading.ts";
import type { Database } from "../../schema/database.ts";
import { applyPlan } from "./apply.ts";
import type { Kind } from "./columns.ts";
import { type Catalogue, judge, type JudgedRow, type Outcome } from "./judge.ts";
import { refusedFile } from "./refused-file.ts";
import { sheetsOf } from "./sheet-file.ts";
import { snapshotOf } from "./snapshot.ts";
import { tablesOf } from "./table.ts";

export type RegisterImport = {
  readonly db: Database;
  readonly operatorId: OperatorId;
  readonly zone: Zone;
  readonly now: Instant;
  readonly by: bigint | null;
  readonly file: { readonly name: string; readonly bytes: Uint8Array };
  /** What the rows are; null: by sheet, column or headings. */
  readonly kind: Kind | null;
  readonly dryRun: boolean;
  /** Takes over what may change of rows that are there already; else they are errors. */
  readonly update: boolean;
  readonly catalogue: Catalogue;
  readonly onStep?: (step: string, done: number) => void;
};

export type Counts = Readonly<Record<Outcome, number>>;
/** `rehearsed`: a dry run. `applied`: all of it is in the register. `refused`: something is wrong with it, and nothing was written. */
export type RegisterReport = {
  readonly outcome: "rehearsed" | "applied" | "refused";
  readonly fileName: string;
  readonly counts: Readonly<Record<Kind | "tables", Counts>>;
  readonly rows: readonly JudgedRow[];
  /** Where the refused rows can be had as a file; null when none was refused. */
  readonly importId: bigint | null;
};

/** Reports of rehearsals and refusals that are kept for the download. Those of what was applied stay for ever. */
const KEPT_MAX = 100;

/**
 * Reads a file of usage points, meters and accounts, looks at every row of it, and writes all of it or nothing. The same file again
 * finds everything there already.
 * @throws CodedError when it is no such file at all
 */
export async function importRegister(what: RegisterImport): Promise<RegisterReport> {
  const { db, operatorId, zone, now, file, kind, onStep = () => {} } = what;
  const sheets = await sheetsOf(file.bytes);
  const tables = tablesOf(sheets, kind, { zone, now });
  const rows = tables.reduce((sum, table) => sum + table.rows.length, 0);
  if (rows === 0)
    throw new CodedError("request.invalid", "The file has no rows: it is empty, or all of it is remarks.");
  onStep("read", rows);
  try {
    return await db.as(operatorId, async (trx) => {
      // One file after the other: two that are brought at once do not judge by a register that is about to change.
      await sql`select pg_advisory_xact_lock(hashtextextended('sanbiao.register/' || ${String(operatorId)}, 0))`.execute(
        trx,
      );
      const snapshot = await snapshotOf(trx);
      const rules = { catalogue: what.catalogue, update: what.update, today: dayOf(now, zone) };
      const { judged, plan } = judge(
        tables.flatMap((table) => table.rows),
        snapshot,
        rules,
      );
      onStep("checked", judged.length);
      const isWrong = judged.some(({ outcome }) => outcome === "refused");
      const outcome = what.dryRun ? "rehearsed" : isWrong ? "refused" : "applied";
      if (outcome === "applied") {
        const as = { operatorId, now, by: what.by, reason: `import of ${file.name.slice(0, 200)}` };
        await applyPlan(trx, plan, snapshot, as, onStep);
      }
      const counts = countsOf(judged);
      const importId = await remember(trx, what, outcome, counts, isWrong ? refusedFile(tables, judged) : null);
      return { outcome, fileName: file.name, counts, rows: judged, importId: isWrong ? importId : null };
    });
  } catch (error) {
    if ((error as { code?: string }).code !== "23505") throw error;
    throw new CodedError(
      "register.busy",
      "Somebody else registered one of these at the same moment; nothing was written. Try again.",
      { cause: error },
    );
  }
}

function countsOf(judged: readonly JudgedRow[]): RegisterReport["counts"] {
  const none = () => ({ created: 0, changed: 0, already: 0, refused: 0 });
  const counts = { points: none(), meters: none(), accounts: none(), tables: none() };
  for (const { row, outcome } of judged) counts[row.kind ?? "tables"][outcome]++;
  return counts;
}

async function remember(
  trx: Parameters<Parameters<Database["as"]>[1]>[0],
  { operatorId, file, kind, now, by }: RegisterImport,
  outcome: RegisterReport["outcome"],
  counts: RegisterReport["counts"],
  refused: string | null,
): Promise<bigint> {
  const { id } = await trx
    .insertInto("register_import")
    .values({
      operator_id: operatorId,
      file_name: file.name.replaceAll("\0", "").slice(0, 300),
      file_sha256: createHash("sha256").update(file.bytes).digest("hex"),
      kind: kind ?? "all",
      outcome,
      counts: JSON.stringify(counts),
      refused_file: refused === null ? null : Buffer.from(refused, "utf8"),
      imported_by: by,
      imported_at: isoOf(now),
    })
    .returning("id")
    .executeTakeFirstOrThrow();
  await sql`delete from register_import where operator_id = ${operatorId} and outcome <> 'applied' and id <= (
    select id from register_import where operator_id = ${operatorId} and outcome <> 'applied' order by id desc offset ${KEPT_MAX} limit 1)`.execute(
    trx,
  );
  return id;
}

/** The rows that an import refused, as CSV in UTF-8; null when there is no such import or it refused none. */
export async function refusedFileOf(db: Database, operatorId: OperatorId, importId: bigint): Promise<Buffer | null> {
  const row = await db.as(operatorId, (trx) =>
    trx
      .selectFrom("register_import")
      .select("refused_file")
      .where("operator_id", "=", operatorId)
      .where("id", "=", importId)
      .executeTakeFirst(),
  );
  return row?.refused_file ?? null;
}

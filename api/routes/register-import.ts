import { KNOWN } from "../../catalog/known.ts";
import { CodedError } from "../../domain/errors.ts";
import { MINUTE_MS } from "../../domain/instant.ts";
import { columnZh, type Kind } from "../../interchange/register/columns.ts";
import { importRegister, refusedFileOf, type RegisterReport } from "../../interchange/register/import.ts";
import { FILE_BYTES_MAX } from "../../interchange/register/sheet.ts";
import { templateCsv, templateWorkbook } from "../../interchange/register/templates.ts";
import { errorEn, errorZh } from "../../interchange/register/words.ts";
import { principalOfRequest } from "../access.ts";
import { IdParams } from "../schemas/json.ts";
import { RegisterImportQuery, RegisterReportJson, TemplateParams } from "../schemas/onboarding.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV = "text/csv; charset=utf-8";
/** A clerk corrects and tries again; a program that tries more often than this is not one. Our choice. */
const FILES_PER_MINUTE_MAX = 30;
const ROWS_TOLD_MAX = 5_000;

/** In a scope of its own: only here a body may be a file of sixteen megabytes. */
export function registerImportRoutes(app: App, api: Api): void {
  app.addContentTypeParser(
    [XLSX, "text/csv", "application/octet-stream"],
    { parseAs: "buffer", bodyLimit: FILE_BYTES_MAX },
    (_request, body, done) => done(null, body),
  );

  app.route({
    method: "POST",
    url: "/register-imports",
    schema: {
      tags: ["onboarding"],
      summary:
        "Usage points, meters and accounts from a file (raw bytes): all of it or nothing; the same file again finds it there",
      consumes: [XLSX, "text/csv", "application/octet-stream"],
      querystring: RegisterImportQuery,
      response: { 200: RegisterReportJson, ...PROBLEMS },
    },
    bodyLimit: FILE_BYTES_MAX,
    config: { access: "clerk", rateLimit: { max: FILES_PER_MINUTE_MAX, timeWindow: MINUTE_MS } },
    handler: async (request) => {
      const { operatorId, userId, zone } = principalOfRequest(request);
      const { name, kind, dryRun, update } = request.query;
      if (!Buffer.isBuffer(request.body)) throw new CodedError("request.invalid", "The body is the file itself.");
      const report = await importRegister({
        db: api.db,
        operatorId,
        zone,
        now: api.clock.now(),
        by: userId,
        file: { name, bytes: request.body },
        kind: kind === "all" ? null : kind,
        dryRun: dryRun === "true",
        update: update === "true",
        catalogue: KNOWN,
      });
      let replayed = 0;
      if (report.outcome === "applied") {
        replayed = (await api.services.onRegister?.(operatorId).catch(() => 0)) ?? 0;
        api.overviews.forget(operatorId);
      }
      return reportJson(report, replayed);
    },
  });

  app.route({
    method: "GET",
    url: "/register-imports/:id/refused.csv",
    schema: {
      tags: ["onboarding"],
      summary: "The rows that an import refused, with the errors in a last column",
      params: IdParams,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { operatorId } = principalOfRequest(request);
      const file = await refusedFileOf(api.db, operatorId, BigInt(request.params.id));
      if (file === null)
        throw new CodedError("request.not-found", "There is no such file; it may be older than the last hundred.");
      return reply
        .type(CSV)
        .header("content-disposition", 'attachment; filename="refused.csv"')
        .serializer((bytes: unknown) => bytes as string)
        .send(file);
    },
  });

  app.route({
    method: "GET",
    url: "/register-templates/:file",
    schema: { tags: ["onboarding"], summary: "An empty register to fill in", params: TemplateParams },
    handler: async (request, reply) => {
      const { file } = request.params;
      const isBook = file === "register.xlsx";
      const bytes = isBook ? await templateWorkbook() : Buffer.from(templateCsv(file.replace(".csv", "") as Kind));
      return reply
        .type(isBook ? XLSX : CSV)
        .header("content-disposition", `attachment; filename="${file}"`)
        .serializer((text: unknown) => text as string)
        .send(bytes);
    },
  });
}

function reportJson(
  { outcome, fileName, counts, rows, importId }: RegisterReport,
  replayed: number,
): RegisterReportJson {
  const inOrder = [
    ...rows.filter((row) => row.outcome === "refused"),
    ...rows.filter((row) => row.outcome !== "refused"),
  ];
  return {
    outcome,
    fileName,
    counts,
    rows: inOrder.slice(0, ROWS_TOLD_MAX).map(({ row, name, outcome: became, changes, errors }) => ({
      sheet: row.sheet,
      line: row.line,
      kind: row.kind,
      name,
      outcome: became,
      changes: changes.map(({ column, from, to }) => ({ column, from, to })),
      errors: errors.map((error) => ({
        column: error.column,
        columnZh: error.column === null ? null : columnZh(row.kind, error.column),
        code: error.code,
        en: errorEn(error),
        zh: errorZh(error),
      })),
    })),
    rowsLeftOut: Math.max(0, rows.length - ROWS_TOLD_MAX),
    refusedFile: importId === null ? null : `/api/v1/register-imports/${importId}/refused.csv`,
    replayedReadings: replayed,
  };
}

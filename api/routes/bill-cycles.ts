import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { CodedError } from "../../domain/errors.ts";
import { mailBills } from "../../paper/bill-mail.ts";
import { type Cycle, openCycle } from "../../paper/cycle.ts";
import { cycleWorkbook, linesCsv, papersOf, summaryCsv } from "../../paper/cycle-files.ts";
import { principalOfRequest } from "../access.ts";
import { CycleMailBody, CycleMailJson, CycleParams, PapersQuery } from "../schemas/paper.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

const CSV = "text/csv; charset=utf-8";
const XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/** Making papers takes the service's own time: so many bills at once. Our choice; `sanbiao export bills` has no such bound. */
export const PAPERS_PER_PART = 100;

/** A bill's PDF is made with its message: a second or two of work. */
const MAILED_AT_ONCE = 25;

/** The bills of a month as files: papers for a printer, lines and sums for the accountant. */
export function billCycleRoutes(app: App, api: Api): void {
  const cycleOf = async (request: FastifyRequest, month: string): Promise<Cycle> => {
    const { operatorId, zone } = principalOfRequest(request);
    const cycle = await openCycle(api.db, operatorId, zone, month);
    if (cycle === null || cycle.ids.length === 0)
      throw new CodedError("request.not-found", `There is no bill of ${month}.`);
    return cycle;
  };

  app.route({
    method: "GET",
    url: "/bill-cycles/:month/lines.csv",
    schema: { tags: ["bills"], summary: "All lines of a month's bills, for the accountant (CSV)", params: CycleParams },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { month } = request.params;
      const cycle = await cycleOf(request, month);
      return file(reply, CSV, `bills-${month}.csv`, Readable.from(linesCsv(cycle)));
    },
  });

  app.route({
    method: "GET",
    url: "/bill-cycles/:month/summary.csv",
    schema: {
      tags: ["bills"],
      summary:
        "A month's bills by utility, tier and ledger account; the last row compares the two and must be zero (CSV)",
      params: CycleParams,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { month } = request.params;
      return file(reply, CSV, `bills-${month}-summary.csv`, await summaryCsv(await cycleOf(request, month)));
    },
  });

  app.route({
    method: "GET",
    url: "/bill-cycles/:month/bills.xlsx",
    schema: { tags: ["bills"], summary: "The same, summary and lines, as one workbook", params: CycleParams },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { month } = request.params;
      return file(reply, XLSX, `bills-${month}.xlsx`, await cycleWorkbook(await cycleOf(request, month)));
    },
  });

  app.route({
    method: "POST",
    url: "/bill-cycles/:month/mail",
    schema: {
      tags: ["bills"],
      summary: `Send a month's bills to the addresses that want bills, ${MAILED_AT_ONCE} at a time, each once; go on with \`after\``,
      params: CycleParams,
      body: CycleMailBody,
      response: { 200: CycleMailJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) =>
      atDeskOf(api, request, async (desk) => {
        const { after, dryRun } = request.body;
        const { ids } = await cycleOf(request, request.params.month);
        const left = ids.filter((id) => id > BigInt(after));
        const now = left.slice(0, MAILED_AT_ONCE);
        const done = await mailBills(desk.trx, desk.operatorId, now, { now: desk.now, dryRun });
        if (!dryRun) api.services.notices?.wake();
        const last = now.at(-1);
        const isEnd = last === undefined || now.length === left.length;
        return { ...done, total: ids.length, after: isEnd ? null : String(last) };
      }),
  });

  app.route({
    method: "GET",
    url: "/bill-cycles/:month/papers.pdf",
    schema: {
      tags: ["bills"],
      summary: `Papers of a month's bills as one PDF, ${PAPERS_PER_PART} bills a part; header x-parts says how many parts there are`,
      params: CycleParams,
      querystring: PapersQuery,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { month } = request.params;
      const { part, lang } = request.query;
      const cycle = await cycleOf(request, month);
      const parts = Math.ceil(cycle.ids.length / PAPERS_PER_PART);
      const ids = cycle.ids.slice((part - 1) * PAPERS_PER_PART, part * PAPERS_PER_PART);
      const bytes = await papersOf(cycle, ids, lang);
      if (bytes === null) throw new CodedError("request.not-found", `The papers of ${month} have ${parts} parts.`);
      void reply.header("x-parts", String(parts));
      return file(reply, "application/pdf", `bills-${month}-${lang}-${part}.pdf`, bytes);
    },
  });
}

const file = (reply: FastifyReply, type: string, name: string, content: Buffer | string | Readable): FastifyReply =>
  reply
    .type(type)
    .header("content-disposition", `attachment; filename="${name}"`)
    .serializer((bytes: unknown) => bytes as string)
    .send(content);

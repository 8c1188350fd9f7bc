import type { FastifyReply, FastifyRequest } from "fastify";
import { CodedError } from "../../domain/errors.ts";
import { billFacts } from "../../paper/bill-facts.ts";
import { billHtml } from "../../paper/bill-html.ts";
import { mailBills } from "../../paper/bill-mail.ts";
import { type BillSheet, billSheetOf } from "../../paper/bill-sheet.ts";
import { billsPdf, bytesOf, correctionPdf } from "../../paper/pdf/bill-pdf.ts";
import { correctionHtml } from "../../paper/correction-html.ts";
import { type CorrectionSheet, correctionSheet } from "../../paper/correction-sheet.ts";
import { invoiceFacts } from "../../paper/e-invoice/facts.ts";
import { type Invoice, invoiceOf } from "../../paper/e-invoice/invoice.ts";
import { shudianOf } from "../../paper/e-invoice/shudian.ts";
import { sellerFacts, ublOf } from "../../paper/e-invoice/ubl.ts";
import { IdParams } from "../schemas/json.ts";
import { BillMailJson, InvoiceQuery, PaperQuery } from "../schemas/paper.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** The bill as it is handed out. */
export function paperRoutes(app: App, api: Api): void {
  mailRoute(app, api);
  invoiceRoutes(app, api);
  const sheetOf = (request: FastifyRequest, id: bigint): Promise<BillSheet> =>
    atDeskOf(api, request, async (desk) => {
      const [facts] = await billFacts(desk.trx, desk.operatorId, [id]);
      if (facts === undefined) throw new CodedError("request.not-found", `There is no bill ${id}.`);
      return billSheetOf(facts);
    });

  app.route({
    method: "GET",
    url: "/bills/:id/paper.pdf",
    schema: {
      tags: ["bills"],
      summary: "The bill on paper (PDF, A4); the same bill gives the same bytes",
      params: IdParams,
      querystring: PaperQuery,
    },
    handler: async (request, reply) => {
      const sheet = await sheetOf(request, BigInt(request.params.id));
      const bytes = await bytesOf(billsPdf([sheet], request.query.lang));
      return file(reply, "application/pdf", `bill-${sheet.number}-${request.query.lang}.pdf`, bytes);
    },
  });

  app.route({
    method: "GET",
    url: "/bills/:id/paper.html",
    schema: {
      tags: ["bills"],
      summary: "The bill as one page without scripts, for a screen, a mail or a printer",
      params: IdParams,
      querystring: PaperQuery,
    },
    handler: async (request, reply) => {
      const sheet = await sheetOf(request, BigInt(request.params.id));
      const { lang } = request.query;
      return file(reply, "text/html; charset=utf-8", `bill-${sheet.number}-${lang}.html`, billHtml(sheet, lang));
    },
  });
}

/** A correction note as it is handed out. */
export function correctionPaperRoutes(app: App, api: Api): void {
  const sheetOf = async (request: FastifyRequest, id: bigint): Promise<CorrectionSheet> => {
    const sheet = await atDeskOf(api, request, ({ trx }) => correctionSheet(trx, id));
    if (sheet === null) throw new CodedError("request.not-found", `There is no correction ${id}.`);
    return sheet;
  };

  app.route({
    method: "GET",
    url: "/corrections/:id/note.pdf",
    schema: {
      tags: ["bills"],
      summary: "The correction note on paper (PDF, A4); the same note gives the same bytes",
      params: IdParams,
      querystring: PaperQuery,
    },
    handler: async (request, reply) => {
      const sheet = await sheetOf(request, BigInt(request.params.id));
      const { lang } = request.query;
      const bytes = await bytesOf(correctionPdf(sheet, lang));
      return file(reply, "application/pdf", `${sheet.number}-${lang}.pdf`, bytes);
    },
  });

  app.route({
    method: "GET",
    url: "/corrections/:id/note.html",
    schema: {
      tags: ["bills"],
      summary: "The correction note as one page without scripts, for a screen, a mail or a printer",
      params: IdParams,
      querystring: PaperQuery,
    },
    handler: async (request, reply) => {
      const sheet = await sheetOf(request, BigInt(request.params.id));
      const { lang } = request.query;
      return file(reply, "text/html; charset=utf-8", `${sheet.number}-${lang}.html`, correctionHtml(sheet, lang));
    },
  });
}

function mailRoute(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/bills/:id/mail",
    schema: {
      tags: ["bills"],
      summary: "Send a bill to the addresses of its account that want bills: once",
      params: IdParams,
      response: { 200: BillMailJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request) => {
      const id = BigInt(request.params.id);
      const done = await atDeskOf(api, request, (desk) =>
        mailBills(desk.trx, desk.operatorId, [id], { now: desk.now }),
      );
      if (Object.values(done).every((n) => n === 0))
        throw new CodedError("request.not-found", `There is no bill ${id}.`);
      api.services.notices?.wake();
      return done;
    },
  });
}

/** The bill as data for whoever issues the tax invoice. */
function invoiceRoutes(app: App, api: Api): void {
  const invoice = (request: FastifyRequest, id: bigint): Promise<Invoice> =>
    atDeskOf(api, request, async (desk) => {
      const facts = await invoiceFacts(desk.trx, desk.operatorId, { id });
      if (facts === null) throw new CodedError("request.not-found", `There is no bill ${id}.`);
      return invoiceOf(facts);
    });

  app.route({
    method: "GET",
    url: "/bills/:id/invoice.xml",
    schema: {
      tags: ["bills"],
      summary: "The bill as an EN 16931 invoice in UBL 2.1; below zero a credit note",
      params: IdParams,
      querystring: InvoiceQuery,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const made = await invoice(request, BigInt(request.params.id));
      const xml = ublOf(made, sellerFacts(made, request.query));
      return file(reply, "application/xml; charset=utf-8", `invoice-${made.number}.xml`, xml);
    },
  });

  app.route({
    method: "GET",
    url: "/bills/:id/invoice.json",
    schema: {
      tags: ["bills"],
      summary: "The bill as data for 数电发票, by the columns of the tax platform's template",
      params: IdParams,
      querystring: InvoiceQuery,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const made = await invoice(request, BigInt(request.params.id));
      const text = JSON.stringify(shudianOf(made, request.query.taxId ?? null), null, 2);
      return file(reply, "application/json; charset=utf-8", `invoice-${made.number}.json`, text);
    },
  });
}

/** Shown by a browser, with a name for whoever keeps it. */
export function file(reply: FastifyReply, type: string, name: string, content: Buffer | string): FastifyReply {
  return reply
    .type(type)
    .header("content-disposition", `inline; filename="${name}"`)
    .serializer((bytes: unknown) => bytes as string)
    .send(content);
}

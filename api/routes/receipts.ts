import type { FastifyRequest } from "fastify";
import { CodedError } from "../../domain/errors.ts";
import { issueReceipt, notePrint } from "../../ledger/receipts.ts";
import { bytesOf } from "../../paper/pdf/bill-pdf.ts";
import { receiptPdf } from "../../paper/pdf/receipt-pdf.ts";
import { receiptHtml } from "../../paper/receipt-html.ts";
import { principalOfRequest } from "../access.ts";
import { paymentDetail, requireReceipt } from "../queries/payment.ts";
import {
  PaymentDetailJson,
  PrintBody,
  PrintJson,
  ReceiptPaperQuery,
  ReceiptQuery,
  ReversalParams,
} from "../schemas/payment.ts";
import { file } from "./paper.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

/** A payment on its own page, and its receipt. */
export function receiptRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/payments/:journalId",
    schema: {
      tags: ["payments"],
      summary: "One payment, deposit or cheque: how it changed hands, its receipt and prints, its reversal",
      params: ReversalParams,
      response: { 200: PaymentDetailJson, ...PROBLEMS },
    },
    handler: (request) => atDeskOf(api, request, (desk) => paymentDetail(desk, BigInt(request.params.journalId))),
  });

  app.route({
    method: "POST",
    url: "/payments/:journalId/receipt/prints",
    schema: {
      tags: ["payments"],
      summary: "Ask for a print of the receipt: the first is the original, all others are copies",
      params: ReversalParams,
      body: PrintBody,
      response: { 201: PrintJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const journalId = BigInt(request.params.journalId);
      const { operatorId, userId: by } = principalOfRequest(request);
      const { format } = request.body;
      const made = await atDeskOf(api, request, async ({ trx, now: at }) => {
        // A payment that no counter took has a receipt from when somebody asks.
        const receipt = await issueReceipt(trx, { operatorId, journalId, at, by });
        const print = receipt === null ? null : await notePrint(trx, { journalId, format, at, by });
        return receipt === null || print === null ? null : { receipt, print };
      });
      if (made === null) throw new CodedError("request.not-found", `Entry ${journalId} has no receipt.`);
      void reply.code(201);
      return made;
    },
  });
  paperOfReceipt(app, api);
}

function paperOfReceipt(app: App, api: Api): void {
  const sheetOf = (request: FastifyRequest, journalId: string, print: number | null) =>
    atDeskOf(api, request, (desk) => requireReceipt(desk, BigInt(journalId), print));

  app.route({
    method: "GET",
    url: "/payments/:journalId/receipt.pdf",
    schema: {
      tags: ["payments"],
      summary: "A print of the receipt (PDF, a roll of 80 mm or A5); the same print gives the same bytes",
      params: ReversalParams,
      querystring: ReceiptPaperQuery,
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { format, lang: language, print } = request.query;
      const sheet = await sheetOf(request, request.params.journalId, print);
      const bytes = await bytesOf(receiptPdf(sheet, { format, language }));
      return file(reply, "application/pdf", `receipt-${sheet.number}-${print}.pdf`, bytes);
    },
  });

  app.route({
    method: "GET",
    url: "/payments/:journalId/receipt.html",
    schema: {
      tags: ["payments"],
      summary: "The receipt as a page; without `print` a preview that says so",
      params: ReversalParams,
      querystring: ReceiptQuery.extend({ print: ReceiptPaperQuery.shape.print.optional() }),
    },
    config: { access: "clerk" },
    handler: async (request, reply) => {
      const { format, lang: language, print } = request.query;
      const sheet = await sheetOf(request, request.params.journalId, print ?? null);
      const html = receiptHtml(sheet, { format, language });
      return file(reply, "text/html; charset=utf-8", `receipt-${sheet.number}.html`, html);
    },
  });
}

import type { FastifyRequest } from "fastify";
import {
  accountNumbered,
  type ChannelAnswer,
  channelOf,
  type ChannelWord,
  hearChannel,
  openPaymentOrder,
} from "../../billing/channels.ts";
import { classesOwed } from "../../billing/payment.ts";
import { CodedError } from "../../domain/errors.ts";
import { type Instant, instantOfIso, MINUTE_MS } from "../../domain/instant.ts";
import { money, moneyJson, moneyOfText } from "../../domain/money.ts";
import { orderByRef, type PaymentChannelRow } from "../../ledger/payment-orders.ts";
import { orderJson } from "../order-json.ts";
import { hiddenName, operatorRow, type OperatorRow, paymentChannels } from "../queries/channels.ts";
import {
  ChannelParams,
  ChannelsJson,
  ConfirmationBody,
  ConfirmationJson,
  OrderBody,
  OrderJson,
  OrderRefBody,
  OwedBody,
  OwedJson,
  SandboxBody,
  SandboxJson,
  SandboxParams,
  SignatureHeaders,
} from "../schemas/channel.ts";
import { checkSignature, SIGNATURE_HEADER } from "../signature.ts";
import { operatorOfOrder } from "../resident.ts";
import { type Api, type App, atDeskOf, PROBLEMS } from "./route.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** As it came, for its signature. */
    rawBody?: string;
    /** Whose signature it bears. */
    channel?: { readonly row: PaymentChannelRow; readonly operator: OperatorRow };
  }
}

/** A channel that is slow to learn sends again and again: its own limit, apart from everybody else's. */
const WORDS_PER_MINUTE = 600;
const config = { access: "public", rateLimit: { max: WORDS_PER_MINUTE, timeWindow: MINUTE_MS } } as const;

/** Doors for wallets and banks. Every request bears a signature of its body; nothing else is asked of who they are. */
export function channelRoutes(app: App, api: Api): void {
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    request.rawBody = body as string;
    try {
      done(null, JSON.parse(body as string));
    } catch {
      done(new CodedError("request.invalid", "The body is no JSON."), undefined);
    }
  });
  app.addHook("preValidation", async (request) => {
    const { operator, channel } = request.params as { operator: string; channel: string };
    const row = await channelOf(api.db, operator, channel);
    if (row === null) throw new CodedError("request.not-found", `There is no channel ${channel} of ${operator}.`);
    checkSignature(request.rawBody ?? "", request.headers[SIGNATURE_HEADER], row.secret, api.wall.now());
    const of = await operatorRow(api.db, row.operator_id);
    if (of !== null) request.channel = { row, operator: of };
  });
  askRoutes(app, api);
  orderRoutes(app, api);
  confirmRoute(app, api);
}

function signedBy(request: FastifyRequest): { readonly row: PaymentChannelRow; readonly operator: OperatorRow } {
  if (request.channel === undefined) throw new CodedError("auth.signature", "Nobody signed this.");
  return request.channel;
}

const signed = { params: ChannelParams, headers: SignatureHeaders };

function askRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/channels/:operator/:channel/owed",
    schema: {
      tags: ["payment channels"],
      summary: "What an account owes, by its number",
      ...signed,
      body: OwedBody,
      response: { 200: OwedJson, ...PROBLEMS },
    },
    config,
    handler: async (request) => {
      const { row, operator } = signedBy(request);
      const { accountNumber } = request.body;
      return api.db.as(row.operator_id, async (trx) => {
        const account = await trx
          .selectFrom("account as a")
          .leftJoin("supply as s", (join) =>
            join.onRef("s.operator_id", "=", "a.operator_id").onRef("s.account_id", "=", "a.id"),
          )
          .select(["a.id", "a.name", "a.payment_mode", "s.available_minor"])
          .where("a.operator_id", "=", row.operator_id)
          .where("a.number", "=", accountNumber)
          .executeTakeFirst();
        if (account === undefined) throw new CodedError("request.not-found", `There is no account ${accountNumber}.`);
        const owed = await classesOwed(trx, account.id, operator.currency);
        return {
          accountNumber,
          name: hiddenName(account.name),
          owed: { supply: moneyJson(owed.supply), property: moneyJson(owed.property) },
          prepaid: account.payment_mode === "prepaid",
          available:
            account.available_minor === null ? null : moneyJson(money(operator.currency, account.available_minor)),
        };
      });
    },
  });
}

function orderRoutes(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/channels/:operator/:channel/orders",
    schema: {
      tags: ["payment channels"],
      summary: "Open an order: once per key; it may be paid for a while",
      ...signed,
      body: OrderBody,
      response: { 200: OrderJson, 201: OrderJson, ...PROBLEMS },
    },
    config,
    handler: async (request, reply) => {
      const { row, operator } = signedBy(request);
      const { key, accountNumber, pays } = request.body;
      const now = api.clock.now();
      const accountId = await api.db.as(row.operator_id, (trx) => accountNumbered(trx, accountNumber));
      if (accountId === null) throw new CodedError("request.not-found", `There is no account ${accountNumber}.`);
      const amount = moneyOfText(request.body.amount.currency, request.body.amount.amount);
      if (amount === null) throw new CodedError("request.invalid", "`amount` has more places than its currency.");
      const opened = await openPaymentOrder(api.db, row, { key, accountId, amount, pays, openedBy: "channel" }, now);
      void reply.code(opened.kind === "opened" ? 201 : 200);
      return orderJson(opened.order, { zone: operator.zone, now }, opened.kind);
    },
  });

  app.route({
    method: "POST",
    url: "/channels/:operator/:channel/orders/find",
    schema: {
      tags: ["payment channels"],
      summary: "How an order stands",
      ...signed,
      body: OrderRefBody,
      response: { 200: OrderJson, ...PROBLEMS },
    },
    config,
    handler: async (request) => {
      const { row, operator } = signedBy(request);
      const order = await api.db.as(row.operator_id, (trx) => orderByRef(trx, request.body.ref));
      if (order === null || order.channel !== row.code)
        throw new CodedError("request.not-found", `There is no order ${request.body.ref}.`);
      return orderJson(order, { zone: operator.zone, now: api.clock.now() });
    },
  });
}

function confirmRoute(app: App, api: Api): void {
  app.route({
    method: "POST",
    url: "/channels/:operator/:channel/confirmations",
    schema: {
      tags: ["payment channels"],
      summary: "The channel's word on a transaction: paid, failed or refunded; once per transaction",
      ...signed,
      body: ConfirmationBody,
      response: { 200: ConfirmationJson, 201: ConfirmationJson, ...PROBLEMS },
    },
    config,
    handler: async (request, reply) => {
      const { row } = signedBy(request);
      const answer = await heard(api, row, wordOf(request.body));
      void reply.code(answer.outcome === "booked" || answer.outcome === "noted" ? 201 : 200);
      return answer;
    },
  });
}

function wordOf(body: ReturnType<typeof ConfirmationBody.parse>): ChannelWord {
  const amount = body.amount === undefined ? null : moneyOfText(body.amount.currency, body.amount.amount);
  return {
    status: body.status,
    transactionId: body.transactionId,
    orderRef: body.orderRef ?? null,
    accountNumber: body.accountNumber ?? null,
    amount,
    at: instantOfIso(body.at) as Instant,
    reason: body.reason,
  };
}

/** Books a word and tells whoever waits for it. @throws CodedError `payment.refused` for what was kept and not booked */
async function heard(
  api: Api,
  channel: PaymentChannelRow,
  word: ChannelWord,
): Promise<ReturnType<typeof ConfirmationJson.parse>> {
  const answer: ChannelAnswer = await hearChannel(api.db, channel, word, api.clock.now());
  if (answer.kind === "refused") throw new CodedError("payment.refused", `Kept, not booked: ${answer.reason}.`);
  if (!("payment" in answer))
    return { outcome: answer.kind, journalId: null, late: false, balance: null, controlId: null };
  const { payment, accountId } = answer;
  if (answer.kind === "booked") {
    api.services.onPayment?.(channel.operator_id, accountId);
    api.overviews.forget(channel.operator_id);
  }
  return {
    outcome: answer.kind,
    journalId: String(payment.journalId),
    late: answer.isLate,
    balance: moneyJson(payment.balance),
    controlId: payment.reconnect === undefined ? null : String(payment.reconnect),
  };
}

/** The sandbox: a page of ours where anybody who has an order's address presses what its channel shall say. Never for real money. */
export function sandboxRoutes(app: App, api: Api): void {
  const orderOf = async (ref: string) => {
    const operatorId = await operatorOfOrder(api.db, ref);
    const operator = operatorId === null ? null : await operatorRow(api.db, operatorId);
    const found = operatorId === null ? null : await api.db.as(operatorId, (trx) => orderByRef(trx, ref));
    const channel = operator === null || found === null ? null : await channelOf(api.db, operator.code, found.channel);
    if (operatorId === null || operator === null || found === null || channel?.kind !== "sandbox")
      throw new CodedError("request.not-found", "There is no such order in a sandbox.");
    return { operatorId, operator, order: found, channel };
  };
  const shown = async (ref: string) => {
    const { operatorId, operator, order } = await orderOf(ref);
    const account = await api.db.as(operatorId, (trx) =>
      trx
        .selectFrom("account")
        .select("number")
        .where("operator_id", "=", operatorId)
        .where("id", "=", order.accountId)
        .executeTakeFirst(),
    );
    return {
      order: orderJson(order, { zone: operator.zone, now: api.clock.now() }),
      accountNumber: account?.number ?? "",
      operatorZh: operator.name_zh,
      operatorEn: operator.name_en,
    };
  };

  app.route({
    method: "GET",
    url: "/sandbox/orders/:ref",
    schema: {
      tags: ["payment channels"],
      summary: "An order of the sandbox",
      params: SandboxParams,
      response: { 200: SandboxJson, ...PROBLEMS },
    },
    config: { access: "public" },
    handler: (request) => shown(request.params.ref),
  });

  app.route({
    method: "POST",
    url: "/sandbox/orders/:ref/press",
    schema: {
      tags: ["payment channels"],
      summary: "Have the sandbox say that it was paid, paid twice, failed or refunded; booked as a channel's word is",
      params: SandboxParams,
      body: SandboxBody,
      response: { 200: SandboxJson, ...PROBLEMS },
    },
    config: { access: "public", rateLimit: { max: 60, timeWindow: MINUTE_MS } },
    handler: async (request) => {
      const { ref } = request.params;
      const { channel, order } = await orderOf(ref);
      const { press } = request.body;
      const status = press === "fail" ? "failed" : press === "refund" ? "refunded" : "paid";
      const now = api.clock.now();
      const amount = status === "failed" ? null : money(order.currency, order.amountMinor);
      const word: ChannelWord = {
        status,
        transactionId: `sandbox-${order.id}`,
        orderRef: ref,
        accountNumber: null,
        amount,
        at: now,
        reason: "",
      };
      for (let times = press === "pay_twice" ? 2 : 1; times > 0; times--) await heard(api, channel, word);
      return shown(ref);
    },
  });
}

/** For clerks: doors, orders, what was refused. */
export function channelDeskRoutes(app: App, api: Api): void {
  app.route({
    method: "GET",
    url: "/payment-channels",
    schema: {
      tags: ["payment channels"],
      summary: "Channels, their newest orders, and what they said that could not be booked",
      response: { 200: ChannelsJson, ...PROBLEMS },
    },
    config: { access: "clerk" },
    handler: (request) => atDeskOf(api, request, paymentChannels),
  });
}

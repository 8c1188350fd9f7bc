import { CodedError } from "../../domain/errors.ts";
import { signatureProblem } from "../../domain/signature.ts";
import { reportDelivery } from "../../ledger/notice-deliveries.ts";
import { NoticeCallbackBody, NoticeOutcomeJson } from "../schemas/notice.ts";
import { type Api, type App, PROBLEMS } from "./route.ts";

const BODY_BYTES_MAX = 8_192;

/** What carriers report of deliveries. In a scope of its own: the signature is over the bytes, so the body stays text. */
export function noticeCallbackRoutes(app: App, api: Api): void {
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser(
    "application/json",
    { parseAs: "string", bodyLimit: BODY_BYTES_MAX },
    (_request, body, done) => done(null, body),
  );
  app.route({
    method: "POST",
    url: "/notices/callbacks",
    schema: {
      tags: ["notices"],
      summary:
        "A carrier's report of a delivery, signed in Sanbiao-Signature over Sanbiao-Timestamp and the body: {id, state, detail}",
      response: { 200: NoticeOutcomeJson, ...PROBLEMS },
    },
    config: { access: "public" },
    handler: async (request) => {
      const text = typeof request.body === "string" ? request.body : "";
      believe(api, request.headers, text);
      const { id: ref, state, detail } = bodyOf(text);
      const { rows } = await api.db.pool.query<{ operator_id: bigint; id: bigint }>(
        "select operator_id, id from sanbiao.delivery_of_ref($1)",
        [ref],
      );
      const whose = rows[0];
      if (whose === undefined) throw new CodedError("request.not-found", `There is no delivery ${ref}.`);
      const said = {
        at: api.clock.now(),
        state: state === "bounced" ? "failed" : state,
        detail: detail || state,
      } as const;
      const outcome = await api.db.as(whose.operator_id, (trx) => reportDelivery(trx, whose.id, said));
      switch (outcome) {
        case "unknown":
          throw new CodedError("request.not-found", `Delivery ${ref} never left.`);
        case "out_of_order":
          throw new CodedError("notice.out-of-order", `Delivery ${ref} has failed before.`);
        case "noted":
        case "already":
          return { outcome };
      }
    },
  });
}

function believe(api: Api, headers: Readonly<Record<string, unknown>>, body: string): void {
  const secret = api.services.notices?.secret ?? null;
  if (secret === null) throw new CodedError("notice.signature", "NOTICE_WEBHOOK_SECRET is not set.");
  const [timestamp, signature] = [headers["sanbiao-timestamp"], headers["sanbiao-signature"]];
  const signed = {
    timestamp: typeof timestamp === "string" ? timestamp : "",
    signature: typeof signature === "string" ? signature : "",
    body,
  };
  const problem = signatureProblem(secret, signed, api.wall.now());
  if (problem !== null) throw new CodedError("notice.signature", `The report is not believed: ${problem}.`);
}

function bodyOf(text: string) {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CodedError("request.invalid", "The body is not JSON.");
  }
  const parsed = NoticeCallbackBody.safeParse(json);
  if (parsed.success) return parsed.data;
  const [first] = parsed.error.issues;
  throw new CodedError("request.invalid", `\`${first?.path.join(".") ?? ""}\`: ${first?.message ?? "wrong"}`);
}

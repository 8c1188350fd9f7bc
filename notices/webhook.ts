import { z } from "zod";
import { type Clock, isoOf } from "../domain/instant.ts";
import { signatureOf, timestampOf } from "../domain/signature.ts";
import type { Carried, Carrier, Outgoing } from "./carrier.ts";

export type WebhookSettings = { readonly url: string; readonly secret: string };

const WAIT_MS = 20_000;
const ANSWER_BYTES_MAX = 16_384;
const Answer = z.object({
  state: z.enum(["delivered", "accepted", "undeliverable"]),
  detail: z.string().max(500).default(""),
});

/** A bridge to SMS, WeChat or the like. It knows a message by `id` and must send one it has seen before only once. */
export function webhookCarrier({ url, secret }: WebhookSettings, wall: Clock): Carrier {
  return {
    async send(message) {
      const body = bodyOf(message);
      const timestamp = timestampOf(wall.now());
      try {
        const reply = await fetch(url, {
          method: "POST",
          redirect: "error",
          signal: AbortSignal.timeout(WAIT_MS),
          headers: {
            "content-type": "application/json",
            "idempotency-key": message.delivery.ref,
            "sanbiao-timestamp": timestamp,
            "sanbiao-signature": signatureOf(secret, timestamp, body),
          },
          body,
        });
        const text = (await reply.text()).slice(0, ANSWER_BYTES_MAX);
        return carriedOf(reply.status, text);
      } catch (error) {
        const cause = (error as { cause?: { message?: string } }).cause?.message;
        return { kind: "deferred", detail: cause ?? (error instanceof Error ? error.message : String(error)) };
      }
    },
    close: () => {},
  };
}

/** What the bridge gets; `docs/reference/notices.md` describes it. */
export const bodyOf = ({ operator, delivery, message }: Outgoing): string =>
  JSON.stringify({
    id: delivery.ref,
    operator: operator.code,
    account: delivery.account.number,
    kind: delivery.notice.kind,
    address: delivery.address,
    language: delivery.language,
    subject: message.subject,
    text: message.text,
    data: delivery.notice.data,
    createdAt: isoOf(delivery.notice.createdAt),
  });

/** 2xx: what the body says, else taken over without a word. 4xx with `undeliverable`: this address. All else may pass. */
function carriedOf(status: number, text: string): Carried {
  const said = answerOf(text);
  if (status >= 200 && status < 300)
    return said === null
      ? { kind: "accepted", detail: `HTTP ${status}` }
      : { kind: said.state, detail: said.detail === "" ? `HTTP ${status}` : said.detail };
  if (status >= 400 && status < 500 && said?.state === "undeliverable")
    return { kind: "undeliverable", detail: said.detail === "" ? `HTTP ${status}` : said.detail };
  return { kind: "deferred", detail: `HTTP ${status}${said === null ? "" : ` ${said.detail}`}` };
}

function answerOf(text: string): z.infer<typeof Answer> | null {
  try {
    return Answer.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

import nodemailer from "nodemailer";
import type { Carried, Carrier } from "./carrier.ts";

export type SmtpSettings = {
  /** `smtp://user:password@host:587`, `smtps://…:465`. */
  readonly url: string;
  /** `Estate office <office@example.org>` or the address alone. */
  readonly from: string;
};

/** A server that is slower than this is tried again later. Together below `LEASE_MS`. */
const TIMES = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 60_000, dnsTimeout: 15_000 };

/**
 * Mail by a relay. Its 250 counts as delivered until a bounce is recorded. A sending whose answer was lost is repeated with the
 * same Message-ID, by which mail programs show it once.
 */
export function smtpCarrier({ url, from }: SmtpSettings): Carrier {
  const transport = nodemailer.createTransport({ url, pool: true, maxConnections: 3, ...TIMES });
  const host = /@([^@>\s]+)>?\s*$/.exec(from)?.[1] ?? "localhost";
  return {
    async send({ delivery, message, attachments }) {
      try {
        const sent = await transport.sendMail({
          from,
          to: { name: "", address: delivery.address },
          subject: message.subject,
          text: message.mailText,
          html: message.html,
          messageId: `<${delivery.ref}@${host}>`,
          // RFC 3834: no holiday notes in answer, please.
          headers: { "Auto-Submitted": "auto-generated", "X-Sanbiao-Notice": delivery.ref },
          attachments: attachments.map(({ filename, type, content }) => ({
            filename,
            contentType: type,
            content: Buffer.from(content),
          })),
        });
        return { kind: "delivered", detail: sent.response };
      } catch (error) {
        return carriedOf(error);
      }
    },
    close: () => transport.close(),
  };
}

/** RFC 5321, 4.2.1: 4yz may be tried again, 5yz may not. Only an answer to RCPT is about the address. */
function carriedOf(error: unknown): Carried {
  const { responseCode, command, response, message } = error as {
    responseCode?: number;
    command?: string;
    response?: string;
    message?: string;
  };
  const detail = response ?? message ?? String(error);
  if (responseCode === undefined || responseCode < 500) return { kind: "deferred", detail };
  if (command === "RCPT TO") return { kind: "undeliverable", detail };
  // A refused sign-in or sender is a setting to be mended, not the customer's fault.
  return { kind: command === "DATA" ? "refused" : "deferred", detail };
}

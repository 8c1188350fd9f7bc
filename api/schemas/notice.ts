import { z } from "zod";
import {
  addressProblem,
  CONTACT_CHANNELS,
  DELIVERY_STATES,
  NOTICE_KINDS,
  NOTICE_LANGUAGES,
  type NoticeChannel,
  type NoticeKind,
} from "../../domain/notice.ts";
import { DayText, IdText, InstantText, PageQuery, PlainText } from "./json.ts";

const Kind = z.enum(NOTICE_KINDS as [NoticeKind, ...NoticeKind[]]);
const Channel = z.enum([...CONTACT_CHANNELS, "hand"] as [NoticeChannel, ...NoticeChannel[]]);
const Language = z.enum(NOTICE_LANGUAGES);

export const NoticeDeliveryJson = z
  .object({
    id: IdText,
    channel: Channel,
    address: z.string().describe("Masked; of `hand` the evidence"),
    language: Language,
    state: z.enum(DELIVERY_STATES),
    attempts: z.number().int(),
    at: InstantText,
    detail: z.string(),
  })
  .meta({ id: "NoticeDelivery" });
export type NoticeDeliveryJson = z.infer<typeof NoticeDeliveryJson>;

export const NoticeJson = z
  .object({
    id: IdText,
    accountId: IdText,
    accountNumber: z.string(),
    accountName: z.string(),
    kind: Kind,
    createdAt: InstantText,
    urgent: z.boolean(),
    servedAt: InstantText.nullable().describe("Null: it does not count as served"),
    deliveries: z.array(NoticeDeliveryJson),
  })
  .meta({ id: "Notice" });
export type NoticeJson = z.infer<typeof NoticeJson>;

export const NoticesQuery = PageQuery.extend({
  accountId: IdText.optional(),
  kind: Kind.optional(),
  state: z
    .enum(["served", "unserved", ...DELIVERY_STATES])
    .optional()
    .describe("Of the notice, or of one of its deliveries"),
  channel: Channel.optional(),
});
export const NoticesJson = z
  .object({
    items: z.array(NoticeJson),
    total: z.number().int(),
    channels: z.array(Channel).describe("Ways that are set up; what is to go another way waits"),
  })
  .meta({ id: "Notices" });
export type NoticesJson = z.infer<typeof NoticesJson>;

export const NoticeTextJson = z
  .object({
    notice: NoticeJson,
    events: z.array(
      z.object({
        at: InstantText,
        deliveryId: IdText,
        state: z.enum(DELIVERY_STATES),
        detail: z.string(),
        subject: z.string().nullable(),
        body: z.string().nullable().describe("The message as it left; a sign-in code is covered"),
        by: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: "NoticeText" });
export type NoticeTextJson = z.infer<typeof NoticeTextJson>;

export const HandOverBody = z.object({
  evidence: PlainText.trim().min(5).max(500).describe("Who took it, when, by whom; number of the registered letter"),
});
export const BounceBody = z.object({ detail: PlainText.trim().min(3).max(500) });
export const NoticeOutcomeJson = z.object({ outcome: z.enum(["noted", "already"]) });
export const RetryJson = z.object({ queued: z.number().int().describe("Deliveries that wait now because of it") });

export const ContactJson = z
  .object({
    id: IdText,
    channel: z.enum(CONTACT_CHANNELS),
    address: z.string(),
    language: Language,
    fromDay: DayText,
    verified: z.boolean(),
    bills: z.boolean().describe("Bills and corrections are sent here"),
    consent: z.string(),
  })
  .meta({ id: "ContactPoint" });
export type ContactJson = z.infer<typeof ContactJson>;
export const ContactsJson = z.object({ items: z.array(ContactJson) }).meta({ id: "ContactPoints" });
export type ContactsJson = z.infer<typeof ContactsJson>;

export const ContactBody = z
  .object({
    channel: z.enum(CONTACT_CHANNELS),
    address: PlainText.max(254),
    language: Language.default("zh"),
    fromDay: DayText.optional().describe("Default today"),
    active: z.boolean().default(true).describe("False: not written to any more from that day on"),
    verified: z.boolean().default(false),
    bills: z.boolean().default(false),
    consent: PlainText.trim().max(200).default(""),
  })
  .superRefine(({ channel, address }, context) => {
    const message = addressProblem(channel, address);
    if (message !== null) context.addIssue({ code: "custom", path: ["address"], message });
  });
export type ContactBody = z.input<typeof ContactBody>;

const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time is HH:MM");
export const NoticePolicyJson = z
  .object({
    quietFrom: Time,
    quietTo: Time.describe("The same as quietFrom: no quiet hours"),
    perMinute: z.number().int().min(1).max(100_000).describe("Messages of one channel in any minute"),
    payments: z.boolean().describe("Whether customers are told of payments, and of payments that were taken back"),
    corrections: z.boolean().describe("Whether customers are told of corrections of their bills"),
  })
  .meta({ id: "NoticePolicy" });
/** Without `payments` or `corrections` these stay as they are. */
export const NoticePolicyBody = NoticePolicyJson.partial({ payments: true, corrections: true }).meta({
  id: "NoticePolicyWish",
});
export type NoticePolicyJson = z.infer<typeof NoticePolicyJson>;

export const NoticeCallbackBody = z.object({
  id: z.uuid().describe("The delivery's id: `id` of the webhook, or the Message-ID before @"),
  state: z.enum(["delivered", "failed", "undeliverable", "bounced"]),
  detail: PlainText.max(500).default(""),
});

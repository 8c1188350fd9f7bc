import { instantOfIso, isoIn } from "../../domain/instant.ts";
import type { Currency } from "../../domain/money.ts";
import {
  NOTICE_FIELDS,
  type NoticeField,
  type NoticeFieldKind,
  type NoticeKind,
  type NoticeLanguage,
} from "../../domain/notice.ts";
import type { Zone } from "../../domain/period.ts";
import { noticesEn } from "./en.ts";
import { COMMON_FIELDS, type NoticeTemplates } from "./template.ts";
import { noticesZh } from "./zh.ts";

export const TEMPLATES: Readonly<Record<NoticeLanguage, NoticeTemplates>> = { zh: noticesZh, en: noticesEn };

/** Whose notice it is. */
export type NoticeAbout = {
  readonly operator: { readonly zh: string; readonly en: string };
  readonly zone: Zone;
  readonly currency: Currency;
  readonly account: { readonly number: string; readonly name: string; readonly address: string };
};

/** A message as it leaves: one line for short messages, a text and a page for mail. */
export type NoticeMessage = {
  readonly subject: string;
  /** All sentences on one line, for an SMS. */
  readonly text: string;
  readonly mailText: string;
  readonly html: string;
};

/** Fills a template. The same arguments give the same message; a name can bring neither line breaks nor markup into it. */
export function renderNotice(
  kind: NoticeKind,
  language: NoticeLanguage,
  data: Readonly<Record<string, string>>,
  about: NoticeAbout,
): NoticeMessage {
  const template = TEMPLATES[language][kind];
  const values = valuesOf(kind, language, data, about);
  const sentences = template.sentences.flatMap((sentence) => {
    const told = placeholdersOf(sentence).every((name) => values.has(name));
    return told ? [filled(sentence, values)] : [];
  });
  const subject = filled(template.subject, values);
  const operator = values.get("operator") ?? "";
  const head = language === "zh" ? `${values.get("name")}：您好！` : `Dear ${values.get("name")},`;
  const foot =
    language === "zh"
      ? `户号 ${values.get("account")} · 本邮件由系统发出，请勿直接回复。`
      : `Account ${values.get("account")} · This message was sent by a machine: answers to it are not read.`;
  return {
    subject,
    text: `【${operator}】${sentences.join(language === "zh" ? "" : " ")}`,
    mailText: [head, ...sentences, `${operator}\n${foot}`].join("\n\n"),
    html: page({ language, subject, operator, head, sentences, foot }),
  };
}

/** Names in braces, in their order. */
export const placeholdersOf = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1] ?? "");

const filled = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => values.get(name) ?? whole);

function valuesOf(
  kind: NoticeKind,
  language: NoticeLanguage,
  data: Readonly<Record<string, string>>,
  { operator, zone, currency, account }: NoticeAbout,
): Map<string, string> {
  const common: Record<(typeof COMMON_FIELDS)[number], string> = {
    operator: operator[language],
    name: account.name,
    account: account.number,
    address: account.address === "" ? account.number : account.address,
  };
  const values = new Map(Object.entries(common).map(([name, value]) => [name, oneLine(value)]));
  const fields: Readonly<Record<string, NoticeField>> = NOTICE_FIELDS[kind];
  for (const [name, { holds }] of Object.entries(fields)) {
    const value = data[name];
    if (value !== undefined) values.set(name, shown(holds, name, value, { language, zone, currency }));
  }
  return values;
}

function shown(
  holds: NoticeFieldKind,
  name: string,
  value: string,
  { language, zone, currency }: { language: NoticeLanguage; zone: Zone; currency: Currency },
): string {
  switch (holds) {
    case "money":
      return language === "zh" && currency === "CNY" ? `${value} 元` : `${currency} ${value}`;
    case "instant": {
      const at = instantOfIso(value);
      return at === null ? value : isoIn(at, zone).slice(0, 16).replace("T", " ");
    }
    case "text":
      return name === "daysLeft" ? `${oneLine(value)}${language === "zh" ? " 天" : " days"}` : oneLine(value);
    case "day":
    case "count":
      return value;
  }
}

/** Names and addresses are what people typed: whatever breaks a line or a header is a space. */
// oxlint-disable-next-line no-control-regex
const oneLine = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ").trim();

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (c) => ESCAPES[c] ?? c);

type PageParts = {
  readonly language: NoticeLanguage;
  readonly subject: string;
  readonly operator: string;
  readonly head: string;
  readonly sentences: readonly string[];
  readonly foot: string;
};

/** Mail programs know tables and inline styles; nothing is fetched from outside. */
function page({ language, subject, operator, head, sentences, foot }: PageParts): string {
  const p = (text: string, style: string) => `<p style="margin:0 0 14px;${style}">${escapeHtml(text)}</p>`;
  const [first = "", ...rest] = sentences;
  return `<!doctype html>
<html lang="${language === "zh" ? "zh-CN" : "en"}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(subject)}</title></head>
<body style="margin:0;background:#f3f5f7;font-family:-apple-system,'Segoe UI','PingFang SC','Microsoft YaHei',sans-serif;color:#1c2733">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr><td align="center" style="padding:24px 12px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px;background:#ffffff;border:1px solid #dde3e8;border-radius:6px">
<tr><td style="padding:16px 24px;border-bottom:1px solid #dde3e8;font-weight:600">${escapeHtml(operator)}</td></tr>
<tr><td style="padding:22px 24px 8px;font-size:15px;line-height:1.65">${p(head, "")}
${p(first, "font-size:16px;font-weight:600")}
${rest.map((sentence) => p(sentence, "")).join("\n")}</td></tr>
<tr><td style="padding:12px 24px 18px;font-size:12px;color:#5b6b78">${escapeHtml(foot)}</td></tr>
</table></td></tr></table></body></html>
`;
}

import { expect, test } from "vitest";
import { placeholdersOf, renderNotice, TEMPLATES } from "../../catalog/notices/render.ts";
import { NOTICE_SAMPLES } from "../../catalog/notices/samples.ts";
import { COMMON_FIELDS } from "../../catalog/notices/template.ts";
import { NOTICE_FIELDS, NOTICE_KINDS, NOTICE_LANGUAGES, noticeProblem } from "../../domain/notice.ts";

const about = {
  operator: { zh: "演示小区", en: "Demo estate" },
  zone: "Asia/Shanghai",
  currency: "CNY",
  account: { number: "1-301", name: "王小明", address: "1 栋 301" },
} as const;
const all = NOTICE_KINDS.flatMap((kind) => NOTICE_LANGUAGES.map((language) => [kind, language] as const));

test.each(all)("%s in %s says its sample, all of it, and names nothing unknown", (kind, language) => {
  const data: Record<string, string> = NOTICE_SAMPLES[kind];
  expect(noticeProblem(kind, data)).toBeNull();
  const { subject, sentences } = TEMPLATES[language][kind];
  const named = [subject, ...sentences].flatMap(placeholdersOf);
  const fields = Object.keys(NOTICE_FIELDS[kind]);
  expect(named.filter((name) => !fields.includes(name) && !COMMON_FIELDS.some((common) => common === name))).toEqual(
    [],
  );
  expect(fields.filter((name) => !named.includes(name))).toEqual([]);
  const message = renderNotice(kind, language, data, about);
  for (const text of Object.values(message)) expect(text).not.toMatch(/\{\w+\}|undefined/);
  expect(message.text.length).toBeLessThan(500);
  expect(message.html).toContain(language === "zh" ? "王小明：您好" : "Dear 王小明,");
});

test("a sentence whose field is not told is left out, and its neighbours stay", () => {
  const { daysLeft: _, ...data } = NOTICE_SAMPLES.supply_warning_1;
  expect(renderNotice("supply_warning_1", "en", data, about).text).toBe(
    "【Demo estate】Account 1-301 had CNY 18.60 left at 2026-11-28 10:15. Please top up in time.",
  );
});

test("money, instants and days are written for who reads them", () => {
  const { subject } = renderNotice("supply_cut_notice", "zh", NOTICE_SAMPLES.supply_cut_notice, about);
  expect(subject).toBe("停供通知：最早 2026-11-30 09:00");
  const london = renderNotice("supply_cut_notice", "en", NOTICE_SAMPLES.supply_cut_notice, {
    ...about,
    zone: "Europe/London",
    currency: "GBP",
  });
  expect(london.text).toContain("GBP -3.20");
  expect(london.text).toContain("not before 2026-11-30 01:00");
});

test("a hostile name brings neither markup, nor line, nor placeholder", () => {
  const account = {
    number: "1",
    name: '<img src=x onerror="alert(1)">\r\nBcc: all@example.org {available}',
    address: "",
  };
  const { subject, mailText, html } = renderNotice("supply_restored", "en", NOTICE_SAMPLES.supply_restored, {
    ...about,
    account,
  });
  expect(html).not.toContain("<img");
  expect(html).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt; Bcc: all@example.org {available}");
  expect(mailText.split("\n")[0]).toBe(`Dear ${account.name.replace("\r\n", " ")},`);
  expect(subject).not.toMatch(/[\r\n]/);
});

import type { Language } from "../../../i18n/texts.ts";

/** What is wrong at a place of the document; `path` as `pathText` writes it, `""` = the whole. */
export type FieldProblem = { readonly path: string; readonly message: string };

type Pattern = readonly [RegExp, string];

/** Figures of a prepaid policy as its editor calls them; a message that compares two of them names one. */
const POLICY_FIGURES = {
  warn1: "一级预警金额",
  warn2: "末次预警金额",
  cutBelow: "停供金额",
  coldAtC: "严寒气温",
} as const;
const comparedWith = Object.entries(POLICY_FIGURES).flatMap(([name, words]): Pattern[] => [
  [new RegExp(`^(.*) is not at least ${name} \\((.*)\\)$`), `$1 不能低于${words}（$2）`],
  [new RegExp(`^(.*) is not above ${name} \\((.*)\\)$`), `$1 须高于${words}（$2）`],
  [new RegExp(`^is not above ${name}: every day would be protected$`), `须高于${words}，否则每天都禁停`],
]);

/** Messages of the service's checks in Chinese: `$1` is what the English one names. `test/console/tariff-words.test.ts` tries them. */
const ZH: readonly Pattern[] = [
  [/^not a decimal such as (.*)$/, "不是数值，应如 $1"],
  [/^is below zero$/, "不能小于零"],
  [/^is not above zero$/, "必须大于零"],
  [/^is not above the tier before it$/, "必须大于上一档的上限"],
  [/^the last tier has no end: write null$/, "最后一档不设上限（留空）"],
  [/^only the last tier has no end$/, "只有最后一档可以不设上限"],
  [/^the clock has hours of (.*), which has no price$/, "时钟里有“$1”时段，但没有它的价格"],
  [/^the clock has no hours of (.*)$/, "时钟里没有“$1”时段"],
  [/^has no price for (.*)$/, "缺少“$1”时段的价格"],
  [/^names no price$/, "没有任何价格"],
  [/^a second charge named (.*)$/, "收费项标识“$1”重复"],
  [/^(.*) is not a charge before this one$/, "“$1”不是排在此项之前的收费项"],
  [/^give one of (.*), not several$/, "只能填其中一项：$1"],
  [/^give one of (.*)$/, "请填其中一项：$1"],
  [/^a share needs the charges that it is of$/, "按比例时须指明所依据的收费项"],
  [/^pays kWh that netting carries: .*$/, "结转电量的结算需要按周期净计量并结转余量"],
  [/^is not after effectiveFrom .*$/, "必须晚于生效日（截止日当天已不在本版本内）"],
  [/^a sliding window needs its minutes$/, "滑差需量须填窗口分钟数"],
  [/^only brackets \(`tiers`\) go by something$/, "只有分档收费才有分档依据"],
  [/^only brackets by use have it$/, "只有按用量分档才有此项"],
  [/^brackets by capacity already price it whole$/, "按同一容量分档时不再按每单位容量计价"],
  [/^is not after `from` .*$/, "必须晚于开始时刻"],
  [/^the hours of `coincident` say what counts: leave this out$/, "已指定时刻，此项应删去"],
  [/^the hours of `coincident` have one price$/, "指定时刻只有一个价格"],
  [/^prices by time of use name their hours themselves$/, "分时价格已指明时段，此处不再填写"],
  [/^give both `(.*)` and `(.*)`, or none$/, "“$1”与“$2”须同时填写或同时留空"],
  ...comparedWith,
  [/^(.*) is not above nothing \(0\)$/, "$1 须大于零"],
  [/^(.*) has more places than ([A-Z]{3}): (\d+)$/, "$1 的小数位多于货币 $2 的 $3 位"],
  [/^gas is never cut by a program: .*$/, "燃气从不由程序停供：须有人在用气设备旁"],
  [/^from and to are the same: .*$/, "起止时刻相同，等于没有时段"],
  [/^not a time such as (\S+)$/, "不是时间，应如 $1"],
  [/^(.*) is not the operator's (.*)$/, "“$1”不是本单位的货币（$2）"],
  [/^(.*) is over; what was decided then stands$/, "$1 已过去，当时的决定不再更改"],
  [/^is the same time as `from`$/, "与开始时间相同"],
  [/^begins at the day's end: write 00:00$/, "开始时间请写 00:00"],
  [/^tiers per kW need to say which kW: .*$/, "按千瓦分档须指明依据合同容量还是最大需量"],
  [/^seasons need a ladder by month$/, "分季节只适用于按月阶梯"],
  [/^only a ladder by year has it$/, "只有按年阶梯才有此项"],
  [/^`year` needs a ladder by year$/, "按年增量只适用于按年阶梯"],
  [/^month (\d+) is in two seasons$/, "$1 月同时在两个季节里"],
  [/^(.*) is not a day, an instant .*$/, "“$1”不是日期、带时区的时刻，或该时区内唯一的当地时间"],
  [/^not a day of the calendar.*$/, "不是有效日期（年-月-日）"],
  [/^not a time zone such as (.*)$/, "不是时区名，应如 $1"],
  [/^not a time such as (.*); the day ends at 24:00$/, "不是时间，应如 $1；一天止于 24:00"],
  [/^an id has small letters.*$/, "标识只能用小写字母、数字、“.”“_”“-”，最多 64 个字符"],
  [/^a time of use is named like .*$/, "时段名应如 peak 或 summer_peak（小写字母开头）"],
  [/^MM-DD, at most day 28$/, "应为 月-日，日不超过 28"],
  [/^is missing$/, "必填"],
  [/^is empty$/, "不能为空"],
  [/^is none of (.*)$/, "只能是：$1"],
  [/^is no field here: .*$/, "此处没有这个字段"],
  [/^is not (.*): \w+ stands there$/, "格式不对"],
  [/^needs at least (\d+)$/, "至少要有 $1 项"],
  [/^is less than (.*)$/, "不能小于 $1"],
  [/^has more than (\d+)$/, "最多 $1 项"],
  [/^is more than (.*)$/, "不能大于 $1"],
  [/^is longer than (\d+) characters$/, "最多 $1 个字符"],
  [/^a worked example is needed$/, "至少要有一个算例"],
  [/^(.*) comes to something else$/, "算例“$1”算出的结果不同"],
  [/^(.*) is published already$/, "版本“$1”已发布"],
  [/^(.*) takes effect on the same day$/, "版本“$1”同日生效"],
  [/^(.*) overlaps (.*)$/, "版本“$1”与“$2”的有效期重叠"],
  [/^no price from (.*), when (.*) ends, to (.*)$/, "$2 于 $1 截止，至 $3 之间没有价格"],
  [/^(.*) is not that of the other versions \((.*)\)$/, "“$1”与其他版本（$2）不一致"],
];

/** A message of the checks in a language; one that nobody has translated stays as it is. */
export function problemWords(message: string, language: Language): string {
  if (language === "en") return message;
  for (const [pattern, text] of ZH) if (pattern.test(message)) return message.replace(pattern, text);
  return message;
}

/** `effectiveTo: own-5 overlaps own-2` as a problem at its field. */
export function problemOfText(text: string): FieldProblem {
  const m = /^([a-zA-Z]\w*): (.*)$/s.exec(text);
  return m === null ? { path: "", message: text } : { path: m[1] ?? "", message: m[2] ?? "" };
}

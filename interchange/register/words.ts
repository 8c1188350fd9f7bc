/** What can be wrong with a cell, a row or a sheet. `{a}` and `{b}` stand for what the error carries. */
export const ROW_ERRORS = {
  missing: { en: "is empty and must not be", zh: "不能为空" },
  too_long: { en: "is longer than {a} characters", zh: "超过 {a} 个字符" },
  not_code: { en: "has spaces or signs that cannot be part of it", zh: "含有空格或不允许的字符" },
  formula: { en: "begins like a formula: write the value", zh: "以公式开头，请填写数值" },
  formula_failed: { en: "is a formula that came to {a}", zh: "公式出错：{a}" },
  not_choice: { en: "is none of {a}", zh: "应为：{a}" },
  excel_rounded: {
    en: "was rounded by the spreadsheet and has lost digits: set the column to text and type it again",
    zh: "被表格软件舍入、末位已丢失：请将该列设为文本后重新填写",
  },
  not_integer: { en: "is not a whole number from {a} to {b}", zh: "应为 {a} 至 {b} 的整数" },
  not_decimal: { en: "is not a plain decimal number, as 12.5", zh: "不是普通小数，例如 12.5" },
  decimals: { en: "has more than {a} decimals", zh: "小数超过 {a} 位" },
  not_positive: { en: "must be more than zero", zh: "必须大于零" },
  out_of_range: { en: "must be less than {a}", zh: "必须小于 {a}" },
  not_day: { en: "is not a day of the calendar, as 2026-03-01", zh: "不是有效日期，例如 2026-03-01" },
  ambiguous_day: {
    en: "can be read as two days: write year, month, day, as 2026-03-01",
    zh: "日期有歧义，请按 年-月-日 填写，例如 2026-03-01",
  },
  not_moment: { en: "is not a day and time, as 2026-03-01 14:30", zh: "不是有效日期时间，例如 2026-03-01 14:30" },
  future: { en: "has not come yet", zh: "尚未到来" },
  too_early: { en: "is before {a}", zh: "早于 {a}" },
  too_late: { en: "is after {a}", zh: "晚于 {a}" },
  unknown_profile: {
    en: "is no profile: `sanbiao decode --list` has them",
    zh: "没有此表型，见 sanbiao decode --list",
  },
  profile_utility: { en: "does not measure {a}", zh: "此表型不计量{a}" },
  profile_wire: { en: "speaks {a}: name {b}", zh: "此表型使用 {a}，请填写 {b}" },
  unknown_bus: { en: "is no bus of this operator", zh: "没有此总线" },
  unknown_client: { en: "is no MQTT client of this operator", zh: "没有此 MQTT 用户" },
  needs: { en: "is given without {a}", zh: "缺少对应的{a}" },
  wire_taken: { en: "is the place of meter {a} already", zh: "已被表计 {a} 占用" },
  unknown_point: {
    en: "has no usage point for {a}, neither in the file nor in the register",
    zh: "此处没有{a}计量点（文件与系统中均无）",
  },
  ambiguous_point: { en: "has several usage points for {a}: say by hand which", zh: "此处有多个{a}计量点，请手工指定" },
  point_taken: {
    en: "has meter {a} at this usage point: exchange it on the meter's page, with its final reading",
    zh: "此计量点已装表 {a}：请在表计页面办理换表并登记止码",
  },
  twice: { en: "stands in line {a} already", zh: "与第 {a} 行重复" },
  differs: { en: "is {a} in the register and {b} here", zh: "系统中为 {a}，文件中为 {b}" },
  differs_update: {
    en: "is {a} in the register and {b} here: allow changes to take it over",
    zh: "系统中为 {a}，文件中为 {b}：如需更新请允许修改",
  },
  unknown_tariff: { en: "is no tariff", zh: "没有此价格方案" },
  tariff_utility: { en: "is a tariff for {a}", zh: "此方案适用于{a}" },
  not_address: { en: "is no address that a message can go to", zh: "不是可送达的地址" },
  not_tax_id: { en: "is no tax number of {a}", zh: "不是 {a} 的税号" },
  tax_check: { en: "does not fit its check digit", zh: "与校验码不符" },
  not_country: { en: "is no country of two letters, as CN", zh: "不是两位国家代码，例如 CN" },
  unknown_policy: { en: "is no prepaid policy", zh: "没有此预付费策略" },
  needs_prepaid: { en: "is for prepaid accounts only", zh: "仅适用于预付费户" },
  no_switch: { en: "has no electricity meter whose supply could be cut", zh: "此处没有可停送电的电表" },
  agreement_taken: { en: "is supplied to account {a} already", zh: "已由户号 {a} 使用" },
  master_point: { en: "is a master meter's point and is billed to nobody", zh: "是总表计量点，不向用户计费" },
  heading_missing: { en: "no heading for {a}", zh: "缺少列：{a}" },
  heading_unknown: {
    en: "heading {a} is not understood: correct it or delete the column",
    zh: "无法识别列名 {a}：请更正或删除该列",
  },
  heading_twice: { en: "heading {a} stands twice", zh: "列名 {a} 重复" },
  sheet_unknown: {
    en: "this table is none of usage points, meters and accounts",
    zh: "无法识别此表格：不是计量点、表计或用户",
  },
  too_many_cells: { en: "has cells beyond the last heading", zh: "超出表头的单元格" },
  quote_not_closed: {
    en: "a quote is opened here and never closed: the rest cannot be read",
    zh: "引号未闭合，其后内容无法读取",
  },
  not_csv: { en: "from here on it is not CSV", zh: "从此处起不是有效的 CSV" },
  one_day: { en: "was stated for {a} already: a day has one figure", zh: "{a} 已登记过，一天只能有一个值" },
} as const;
export type RowErrorCode = keyof typeof ROW_ERRORS;

/** One thing that is wrong. `column` is null when it is the whole row's. */
export type RowError = {
  readonly column: string | null;
  readonly code: RowErrorCode;
  readonly a?: string;
  readonly b?: string;
};

const fill = (text: string, { a = "", b = "" }: RowError): string => text.replace("{a}", a).replace("{b}", b);
export const errorEn = (error: RowError): string => fill(ROW_ERRORS[error.code].en, error);
export const errorZh = (error: RowError): string => fill(ROW_ERRORS[error.code].zh, error);

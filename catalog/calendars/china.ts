import { day } from "../../domain/period.ts";
import type { WorkCalendar } from "../../domain/work-calendar.ts";

const NEW_YEAR = { zh: "元旦", en: "New Year" };
const SPRING = { zh: "春节", en: "Spring Festival" };
const QINGMING = { zh: "清明节", en: "Qingming" };
const LABOUR = { zh: "劳动节", en: "Labour Day" };
const DUANWU = { zh: "端午节", en: "Dragon Boat Festival" };
const MID_AUTUMN = { zh: "中秋节", en: "Mid-Autumn Festival" };
const NATIONAL = { zh: "国庆节", en: "National Day" };

const off = (name: { zh: string; en: string }, from: string, to: string) => ({ name, from: day(from), to: day(to) });

/** Holidays and make-up workdays as the General Office of the State Council announces them, a year at a time, late in the year before. */
export const china: WorkCalendar = {
  id: "cn",
  title: { zh: "中国工作日", en: "Working days in China" },
  years: {
    2025: {
      source: "国务院办公厅关于2025年部分节假日安排的通知, 国办发明电〔2024〕12号, 2024-11-12",
      holidays: [
        off(NEW_YEAR, "2025-01-01", "2025-01-01"),
        off(SPRING, "2025-01-28", "2025-02-04"),
        off(QINGMING, "2025-04-04", "2025-04-06"),
        off(LABOUR, "2025-05-01", "2025-05-05"),
        off(DUANWU, "2025-05-31", "2025-06-02"),
        off(NATIONAL, "2025-10-01", "2025-10-08"),
      ],
      workdays: [day("2025-01-26"), day("2025-02-08"), day("2025-04-27"), day("2025-09-28"), day("2025-10-11")],
    },
    2026: {
      source: "国务院办公厅关于2026年部分节假日安排的通知, 2025-11-04",
      holidays: [
        off(NEW_YEAR, "2026-01-01", "2026-01-03"),
        off(SPRING, "2026-02-15", "2026-02-23"),
        off(QINGMING, "2026-04-04", "2026-04-06"),
        off(LABOUR, "2026-05-01", "2026-05-05"),
        off(DUANWU, "2026-06-19", "2026-06-21"),
        off(MID_AUTUMN, "2026-09-25", "2026-09-27"),
        off(NATIONAL, "2026-10-01", "2026-10-07"),
      ],
      workdays: [
        day("2026-01-04"),
        day("2026-02-14"),
        day("2026-02-28"),
        day("2026-05-09"),
        day("2026-09-20"),
        day("2026-10-10"),
      ],
    },
  },
};

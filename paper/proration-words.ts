import type { CutCause, CutStands, Proration } from "../domain/proration.ts";
import { filled, type Words, w } from "./words.ts";

const CAUSE: Readonly<Record<CutCause, Words>> = {
  agreement: w("供用合同起止", "moved in or out"),
  tariff: w("改用另一价目", "tariff changed"),
  tariff_version: w("价格调整", "new prices"),
  household: w("户籍人数变更", "household changed"),
  capacity: w("合同容量变更", "contracted capacity changed"),
  ladder_period: w("阶梯重新起算", "ladder begins again"),
  meter_exchange: w("换表", "meter exchanged"),
  ratio_change: w("倍率变更", "ratio changed"),
};

const STANDS: Readonly<Record<CutStands, Words>> = {
  reading: w("按当时读数", "on a reading"),
  interpolated: w("按前后读数插值", "on a line between readings"),
  estimated: w("按估算", "on an estimate"),
  days: w("按天数", "by days"),
};

const PART = w("计 {days}/{of} 天", "{days}/{of} days");
const TIERS = { by_days: w("各档按天折算", "tiers by days"), whole: w("各档不折算", "tiers whole") };
const AMOUNT = { by_days: w("按天折算", "scaled by days"), whole: w("不折算", "whole") };
const CUT = w("{day} {cause}，{on}", "{day} {cause}, {on}");

/** How a line was prorated, in a sentence of each language: `12/31 days · tiers whole · 2026-10-20 new prices, on a reading`. */
export function prorationWords({ days, billDays, scaled, cuts }: Proration, tiers: boolean): Words {
  const told = [
    filled(PART, { days, of: billDays }),
    ...(scaled === null ? [] : [(tiers ? TIERS : AMOUNT)[scaled]]),
    ...cuts.map(({ day, by, on }): Words => {
      const causes = by.map((cause) => CAUSE[cause]);
      const of = (language: "zh" | "en") => ({
        day,
        cause: causes.map((one) => one[language]).join(language === "zh" ? "、" : ", "),
        on: STANDS[on][language],
      });
      return { zh: filled(CUT, of("zh")).zh, en: filled(CUT, of("en")).en };
    }),
  ];
  return { zh: told.map(({ zh }) => zh).join(" · "), en: told.map(({ en }) => en).join(" · ") };
}

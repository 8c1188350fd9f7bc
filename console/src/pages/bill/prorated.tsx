import type { BillLineJson } from "../../../../api/schemas/bill.ts";
import { useSpeech } from "../../i18n/language.tsx";

/** How a line of a cut part was prorated: days, tiers or amount, and what each cut stands on. */
export function Prorated({ line }: { line: BillLineJson }) {
  const { t } = useSpeech();
  const { proration, tier } = line;
  if (proration === null) return null;
  const { days, billDays, scaled, cuts } = proration;
  const told = [
    t("prorated.days", { days, of: billDays }),
    ...(scaled === null ? [] : [t(`prorated.${tier === null ? "amount" : "tiers"}.${scaled}`)]),
    ...cuts.map(({ day, by, on }) =>
      t("prorated.cut", {
        day,
        by: by.map((cause) => t(`explain.cut.${cause}`)).join(", "),
        on: t(`prorated.on.${on}`),
      }),
    ),
  ];
  return <small className="quiet prorated">{told.join(" · ")}</small>;
}

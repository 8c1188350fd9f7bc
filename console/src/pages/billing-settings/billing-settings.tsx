import { Tabs } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { useUser } from "../../shell/operator.tsx";
import { Cycles } from "./cycles.tsx";
import { Deposits } from "./deposits.tsx";
import { HoldRules } from "./hold-rules.tsx";
import { LateFees } from "./late-fees.tsx";
import { SetOff } from "./set-off.tsx";
import { OperatorTax } from "./tax.tsx";

const TABS = ["cycles", "holds", "lateFees", "setOff", "deposits", "tax"] as const;
const PARTS = {
  cycles: Cycles,
  holds: HoldRules,
  lateFees: LateFees,
  setOff: SetOff,
  deposits: Deposits,
  tax: OperatorTax,
} as const;

/** How bills are made out: cycles, what holds them before they are issued, what overdue debts cost. A manager changes it, all may look. */
export default function BillingSettings() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const isManager = useUser().role === "manager";
  return (
    <>
      <PageTitle title={t("nav.billingSettings")} />
      <Tabs
        activeKey={wordOf(filter.get("tab"), TABS) ?? "cycles"}
        onChange={(tab) => filter.set({ tab })}
        items={TABS.map((key) => {
          const Part = PARTS[key];
          return { key, label: t(`settings.tab.${key}`), children: <Part mayChange={isManager} /> };
        })}
      />
    </>
  );
}

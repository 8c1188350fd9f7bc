import { Card, Tabs } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { Policies } from "../policies/policies.tsx";
import { SupplyAccounts } from "./accounts.tsx";
import { SupplyBoard } from "./board.tsx";
import { Holds } from "./holds.tsx";
import { Orders } from "./orders.tsx";
import { Tonight } from "./tonight.tsx";

const TABS = ["board", "tonight", "accounts", "orders", "holds", "policies"] as const;

/** Prepaid supply: how it stands, what happens next, what keeps it from happening. */
export default function Supply() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const chosen = TABS.find((tab) => tab === filter.get("tab")) ?? "board";
  const pages = {
    board: <SupplyBoard />,
    tonight: <Tonight />,
    accounts: <SupplyAccounts />,
    orders: <Orders />,
    holds: <Holds />,
    policies: <Policies />,
  };
  return (
    <>
      <PageTitle title={t("nav.prepaid")} />
      <Card size="small">
        <Tabs
          activeKey={chosen}
          onChange={(tab) => filter.set({ tab: tab === "board" ? null : tab })}
          destroyOnHidden
          items={TABS.map((key) => ({ key, label: t(`supply.tab.${key}`), children: pages[key] }))}
        />
      </Card>
    </>
  );
}

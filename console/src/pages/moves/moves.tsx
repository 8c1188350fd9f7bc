import { Tabs } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { Planned } from "./planned.tsx";
import { usePlans } from "./queries.ts";
import { Vacant } from "./vacant.tsx";

const TABS = ["planned", "vacant"] as const;
const PARTS = { planned: Planned, vacant: Vacant } as const;

/** Customers that come and go: who said that he will go, and where nobody is. */
export default function Moves() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const due = usePlans({ state: "due", page: 1, pageSize: 1 }).data?.due ?? 0;
  const labelOf = (tab: (typeof TABS)[number]): string =>
    tab === "planned" && due > 0 ? t("moves.tab.plannedDue", { n: due }) : t(`moves.tab.${tab}`);
  return (
    <>
      <PageTitle title={t("nav.moves")} />
      <Tabs
        activeKey={wordOf(filter.get("tab"), TABS) ?? "planned"}
        onChange={(tab) => filter.set({ tab, search: null, state: null })}
        destroyOnHidden
        items={TABS.map((key) => {
          const Part = PARTS[key];
          return { key, label: labelOf(key), children: <Part /> };
        })}
      />
    </>
  );
}

import { Card, Tabs } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useUser } from "../../shell/operator.tsx";
import { Import } from "./import.tsx";
import { Tray } from "./tray.tsx";

/** How meters and customers come in: devices that speak already, and lists. */
export default function Onboarding() {
  const { t } = useSpeech();
  const me = useUser();
  const filter = useUrlFilter();
  const tabs = [{ key: "tray", label: t("tray.tab"), children: <Tray /> }];
  if (me.role !== "reader") tabs.push({ key: "import", label: t("import.tab"), children: <Import /> });
  return (
    <>
      <PageTitle title={t("nav.onboarding")} />
      <Card size="small">
        <Tabs
          activeKey={filter.get("tab") === "import" && tabs.length > 1 ? "import" : "tray"}
          onChange={(tab) => filter.set({ tab: tab === "tray" ? null : tab, state: null, search: null })}
          destroyOnHidden
          items={tabs}
        />
      </Card>
    </>
  );
}

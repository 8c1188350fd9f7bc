import { Button, Segmented, Tag } from "antd";
import { Link } from "react-router-dom";
import type { PlannedMoveOutsJson } from "../../../../api/schemas/planned-move-out.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { usePages } from "../../parts/pages.tsx";
import { usePlace } from "../../parts/place.ts";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { moveOutPath, usePlans } from "./queries.ts";

type Plan = PlannedMoveOutsJson["items"][number];
const STATES = ["all", "due", "coming"] as const;

/** Move-outs that customers said ahead, by their day; those that are due wait for a clerk. */
export function Planned() {
  const { t } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const mayMove = useUser().role !== "reader";
  const filter = useUrlFilter();
  const state = wordOf(filter.get("state"), STATES) ?? "all";
  const plans = usePlans({ state, page: filter.page, pageSize: filter.pageSize });
  const pages = usePages(filter, plans.data?.total ?? 0);
  return (
    <>
      <p className="lead">{t("plan.lead")}</p>
      <div className="filters">
        <Segmented
          aria-label={t("plan.state")}
          value={state}
          onChange={(next) => filter.set({ state: next === "all" ? null : next })}
          options={STATES.map((value) => ({ value, label: t(`plan.state.${value}`) }))}
        />
      </div>
      <Loaded query={plans}>
        {({ items }) => (
          <ListTable<Plan>
            dataSource={items}
            empty={t("plan.none")}
            pagination={pages}
            columns={[
              {
                title: t("plan.day"),
                render: (_, one) => (
                  <>
                    {format.day(one.onDay)} {one.isDue ? <Tag color="orange">{t("plan.due")}</Tag> : null}
                  </>
                ),
              },
              {
                title: t("plan.account"),
                render: (_, one) => (
                  <>
                    <Link to={`/accounts/${one.accountId}`}>{one.number}</Link> {one.name}
                    <div className="quiet">{place(one)}</div>
                  </>
                ),
              },
              { title: t("plan.contact"), render: (_, one) => one.contact },
              { title: t("plan.forwarding"), render: (_, one) => one.forwardingAddress },
              { title: t("plan.note"), render: (_, one) => one.note },
              { title: t("plan.by"), render: (_, one) => `${one.notedBy ?? ""} ${format.instant(one.notedAt)}` },
              {
                title: "",
                render: (_, one) =>
                  mayMove && one.isDue ? (
                    <Link to={moveOutPath(one.accountId, one.onDay)}>
                      <Button size="small" type="primary" data-testid="plan-do">
                        {t("plan.do")}
                      </Button>
                    </Link>
                  ) : null,
              },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

import { Button, Progress, type TableColumnsType } from "antd";
import { useMemo, useState } from "react";
import { Link } from "react-router-dom";
import type { RouteRowJson } from "../../../../api/schemas/reading-route.ts";
import { useRoutes } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { NewRoute } from "./new-route.tsx";

/** A count that wants to be looked at; nothing where there is nothing. */
const Count = ({ n }: { n: number }) => (n === 0 ? <span className="quiet">–</span> : <b className="debt">{n}</b>);

function useColumns(): TableColumnsType<RouteRowJson> {
  const { t, term } = useSpeech();
  const format = useFormat();
  return useMemo(
    () => [
      { title: t("routes.name"), key: "name", render: (_, r) => <Link to={`/routes/${r.id}`}>{r.name}</Link> },
      { title: t("routes.walker"), key: "walker", render: (_, r) => r.walker?.name ?? t("routes.anybody") },
      {
        title: t("routes.every"),
        key: "every",
        render: (_, r) => (
          <span>
            {term("every", r.every)} <span className="quiet">{format.dayOfInstant(r.roundFrom)}</span>
          </span>
        ),
      },
      {
        title: t("routes.progress"),
        key: "progress",
        width: 220,
        render: (_, r) => (
          <Progress
            percent={r.stops === 0 ? 0 : Math.round((100 * (r.read + r.skipped)) / r.stops)}
            format={() => `${r.read} / ${r.stops}`}
            size="small"
          />
        ),
      },
      { title: t("routes.skipped"), key: "skipped", align: "right", render: (_, r) => <Count n={r.skipped} /> },
      { title: t("routes.outside"), key: "outside", align: "right", render: (_, r) => <Count n={r.outside} /> },
      { title: t("routes.conflicts"), key: "conflicts", align: "right", render: (_, r) => <Count n={r.conflicts} /> },
      { title: t("routes.lastEntry"), key: "last", align: "right", render: (_, r) => <Ago at={r.lastEntryAt} /> },
      {
        key: "walk",
        align: "right",
        // A page of its own: not the console's router but the browser opens it.
        render: (_, r) => <a href={`/m/routes/${r.id}`}>{t("routes.openPhone")}</a>,
      },
    ],
    [t, term, format],
  );
}

export default function Routes() {
  const { t } = useSpeech();
  const me = useUser();
  const routes = useRoutes();
  const columns = useColumns();
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageTitle title={t("routes.title")} note={t("routes.note", { address: `${location.host}/m` })}>
        {me.role === "reader" ? null : (
          <Button type="primary" data-testid="new-route" onClick={() => setMaking(true)}>
            {t("routes.new")}
          </Button>
        )}
      </PageTitle>
      <Loaded query={routes}>
        {(data) => (
          <>
            <ListTable columns={columns} dataSource={data.items} pagination={false} empty={t("routes.none")} />
            {making ? <NewRoute known={data} close={() => setMaking(false)} /> : null}
          </>
        )}
      </Loaded>
    </>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Button, Card, Space, Table, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { TariffsJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { type Beginning, NewDraft } from "./new-draft.tsx";
import { STATE_COLOURS } from "./state-colours.ts";
import "./tariffs.css";

type Row = TariffsJson["items"][number];

function State({ row }: { row: Row }) {
  const { t, term } = useSpeech();
  return (
    <Space size={4} wrap>
      <Tag color={STATE_COLOURS[row.state]}>{term("tariffState", row.state)}</Tag>
      {row.inForce ? <Tag color="blue">{t("tariff.inForce")}</Tag> : null}
      <span className="quiet">{t(row.origin === "own" ? "tariff.own" : "tariff.catalogue")}</span>
    </Space>
  );
}

/** Every version of every tariff; one's own can be drafted, proposed and published from here. */
export default function Tariffs() {
  const { t, language } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const [begin, setBegin] = useState<{ how: Beginning; of: string } | null>(null);
  const tariffs = useQuery({
    queryKey: ["tariffs"],
    queryFn: ({ signal }) => ask<TariffsJson>("/tariffs", { signal }),
  });
  return (
    <>
      <PageTitle title={t("nav.tariffs")} note={t("tariff.lead")}>
        {role === "reader" ? null : (
          <Button type="primary" data-testid="tariff-new" onClick={() => setBegin({ how: "next", of: "" })}>
            {t("tariff.new")}
          </Button>
        )}
      </PageTitle>
      <Loaded query={tariffs}>
        {(data) => (
          <Card size="small">
            <Table<Row>
              rowKey={(row) => `${row.id ?? ""} ${row.tariffId}@${row.version}`}
              size="small"
              dataSource={data.items}
              pagination={{ hideOnSinglePage: true, pageSize: 50, size: "small" }}
              scroll={{ x: "max-content" }}
              columns={[
                { title: t("meter.utility"), render: (_, row) => <Utility utility={row.utility} /> },
                {
                  title: t("nav.tariffs"),
                  render: (_, row) => (
                    <>
                      {row.title[language]}
                      <div className="quiet">
                        <code>{row.tariffId}</code>
                      </div>
                    </>
                  ),
                },
                { title: t("tariff.version"), render: (_, row) => row.version },
                { title: t("tariff.from"), render: (_, row) => format.day(row.effectiveFrom) },
                {
                  title: t("tariff.to"),
                  render: (_, row) => (row.effectiveTo === null ? "–" : format.dayBefore(row.effectiveTo)),
                },
                { title: t("tariff.state"), render: (_, row) => <State row={row} /> },
                {
                  title: "",
                  render: (_, row) => (
                    <Space>
                      {row.id === null ? null : <Link to={`/tariffs/${row.id}`}>{t("tariff.open")}</Link>}
                      {role === "reader" || row.state !== "published" ? null : (
                        <Button
                          size="small"
                          onClick={() => setBegin({ how: "next", of: `${row.tariffId}@${row.version}` })}
                        >
                          {t("tariff.copy")}
                        </Button>
                      )}
                    </Space>
                  ),
                },
              ]}
            />
          </Card>
        )}
      </Loaded>
      <NewDraft rows={tariffs.data?.items ?? []} begin={begin} close={() => setBegin(null)} />
    </>
  );
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Card, Input, Popover, Space, Table, Tag } from "antd";
import { useState } from "react";
import type { TariffsJson, TariffVersionJson } from "../../../../api/schemas/tariff.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { Utility } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { STATE_COLOURS, VersionDrawer } from "./version.tsx";
import "./tariffs.css";

type Row = TariffsJson["items"][number];

function CopyForm({ row, made }: { row: Row; made: (id: string) => void }) {
  const { t } = useSpeech();
  const client = useQueryClient();
  const [version, setVersion] = useState("");
  const [from, setFrom] = useState("");
  const copy = useMutation({
    mutationFn: () =>
      ask<TariffVersionJson>("/tariff-versions", {
        method: "POST",
        body: { copyOf: `${row.tariffId}@${row.version}`, version, effectiveFrom: from },
      }),
    onSuccess: async (one) => {
      await client.invalidateQueries({ queryKey: ["tariffs"] });
      made(one.id);
    },
  });
  return (
    <form
      className="tariff-copy"
      onSubmit={(event) => {
        event.preventDefault();
        copy.mutate();
      }}
    >
      <Input
        aria-label={t("tariff.copy.version")}
        placeholder={t("tariff.copy.version")}
        value={version}
        onChange={(event) => setVersion(event.target.value)}
      />
      <Input
        aria-label={t("tariff.copy.from")}
        placeholder={t("tariff.copy.from")}
        value={from}
        onChange={(event) => setFrom(event.target.value)}
      />
      <Button type="primary" htmlType="submit" loading={copy.isPending} disabled={version === "" || from === ""}>
        {t("tariff.copy")}
      </Button>
      {copy.error === null ? null : <ProblemNote error={copy.error} />}
    </form>
  );
}

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
  const filter = useUrlFilter();
  const tariffs = useQuery({
    queryKey: ["tariffs"],
    queryFn: ({ signal }) => ask<TariffsJson>("/tariffs", { signal }),
  });
  const open = (id: string): void => filter.set({ version: id });
  return (
    <>
      <PageTitle title={t("nav.tariffs")} note={t("tariff.lead")} />
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
                      {row.id === null ? null : (
                        <Button size="small" onClick={() => open(row.id ?? "")}>
                          {t("tariff.open")}
                        </Button>
                      )}
                      {role === "reader" || row.state !== "published" ? null : (
                        <Popover trigger="click" destroyOnHidden content={<CopyForm row={row} made={open} />}>
                          <Button size="small">{t("tariff.copy")}</Button>
                        </Popover>
                      )}
                    </Space>
                  ),
                },
              ]}
            />
          </Card>
        )}
      </Loaded>
      <VersionDrawer id={filter.get("version")} close={() => open("")} />
    </>
  );
}

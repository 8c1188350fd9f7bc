import { Card, Tabs, Tag } from "antd";
import { Link } from "react-router-dom";
import type { RefusedFrameJson } from "../../../api/schemas/operation.ts";
import { useConflicts, useRefusedFrames } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { Ago } from "../parts/heard.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { FilterSelect } from "../parts/filter-select.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { usePages } from "../parts/pages.tsx";
import { useUrlFilter } from "../parts/url-filter.ts";
import { useFormat } from "../shell/operator.tsx";
import { termsEn } from "../i18n/terms-en.ts";

const REASONS = Object.keys(termsEn)
  .filter((key) => key.startsWith("reason."))
  .map((key) => key.slice("reason.".length));

/** The bytes as they came: text where it is text, and hex in lines of 16 with their offset. */
function Payload({ frame }: { frame: RefusedFrameJson }) {
  const { t } = useSpeech();
  const rows = frame.payloadHex.match(/.{1,32}/g) ?? [];
  const dump = rows
    .map((row, i) => `${(i * 16).toString(16).padStart(4, "0")}  ${(row.match(/../g) ?? []).join(" ")}`)
    .join("\n");
  return (
    <div className="frame-detail">
      <p>{frame.detail}</p>
      <p className="quiet">{t("refused.bytes", { n: frame.payloadBytes })}</p>
      {frame.payloadText === null || frame.payloadText === "" ? null : (
        <pre className="payload">{frame.payloadText}</pre>
      )}
      {dump === "" ? <p className="quiet">{t("refused.noPayload")}</p> : <pre className="payload">{dump}</pre>}
    </div>
  );
}

function Frames() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const reason = filter.get("reason");
  const frames = useRefusedFrames({
    page: filter.page,
    pageSize: filter.pageSize,
    ...(reason === "" ? {} : { reason }),
  });
  const pagination = usePages(filter, frames.data?.total ?? 0);
  return (
    <>
      <div className="filters">
        <FilterSelect
          filter={filter}
          name="reason"
          all={t("refused.allReasons")}
          showSearch={{ optionFilterProp: "label" }}
          className="filter wide"
          options={REASONS.map((r) => ({ value: r, label: term("reason", r) }))}
        />
      </div>
      <Loaded query={frames}>
        {(data) => (
          <ListTable
            dataSource={data.items}
            pagination={pagination}
            expandable={{ expandedRowRender: (f) => <Payload frame={f} />, expandRowByClick: true }}
            empty={t("refused.none")}
            columns={[
              { title: t("refused.reason"), render: (_, f) => <Tag color="orange">{term("reason", f.reason)}</Tag> },
              { title: t("refused.times"), align: "right", render: (_, f) => format.count(f.times) },
              { title: t("refused.last"), render: (_, f) => <Ago at={f.lastAt} /> },
              { title: t("refused.first"), render: (_, f) => format.instantSeconds(f.receivedAt) },
              { title: t("refused.origin"), render: (_, f) => <code>{f.origin}</code> },
              { title: t("refused.address"), render: (_, f) => <code>{f.address}</code> },
              { title: t("refused.detail"), render: (_, f) => <span className="clip">{f.detail}</span> },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

function Conflicts() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const conflicts = useConflicts({ page: filter.page, pageSize: filter.pageSize });
  const pagination = usePages(filter, conflicts.data?.total ?? 0);
  return (
    <>
      <p className="quiet">{t("conflict.what")}</p>
      <Loaded query={conflicts}>
        {(data) => (
          <ListTable
            dataSource={data.items}
            pagination={pagination}
            empty={t("meter.noConflicts")}
            columns={[
              { title: t("meter.serial"), render: (_, c) => <Link to={`/meters/${c.meterId}`}>{c.serial}</Link> },
              { title: t("meter.register"), render: (_, c) => term("register", c.register) },
              { title: t("meter.measuredAt"), render: (_, c) => format.instantSeconds(c.measuredAt) },
              {
                title: t("conflict.booked"),
                align: "right",
                render: (_, c) => <span className="amount">{format.quantity(c.booked, 6)}</span>,
              },
              {
                title: t("conflict.offered"),
                align: "right",
                render: (_, c) => <span className="amount">{format.quantity(c.offered, 6)}</span>,
              },
              { title: t("meter.receivedAt"), render: (_, c) => format.instantSeconds(c.receivedAt) },
              { title: t("meter.source"), render: (_, c) => <Tag>{term("source", c.source)}</Tag> },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

export default function Refused() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  return (
    <>
      <PageTitle title={t("nav.refused")} />
      <Card size="small">
        <Tabs
          activeKey={filter.get("tab") === "conflicts" ? "conflicts" : "frames"}
          onChange={(tab) => filter.set({ tab: tab === "frames" ? null : tab, reason: null })}
          destroyOnHidden
          items={[
            { key: "frames", label: t("refused.frames"), children: <Frames /> },
            { key: "conflicts", label: t("refused.conflicts"), children: <Conflicts /> },
          ]}
        />
      </Card>
    </>
  );
}

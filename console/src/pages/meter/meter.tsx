import { Card, Descriptions, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import type { LatestReadingJson, MeterJson } from "../../../../api/schemas/meter.ts";
import { useMeter } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { Ago, Heard } from "../../parts/heard.tsx";
import { RelayLamp } from "../../parts/lamp.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { Curve } from "./curve.tsx";
import { Life } from "./life.tsx";
import { Edits } from "./edits.tsx";
import { HeardDays } from "./heard-days.tsx";
import { ConflictTable, GapTable, VerdictTable } from "./judgements.tsx";

function Facts({ meter }: { meter: MeterJson }) {
  const place = usePlace();
  const { t } = useSpeech();
  const format = useFormat();
  const [installed] = meter.installations.filter((i) => i.removedAt === null);
  return (
    <Card size="small">
      <Descriptions
        size="small"
        column={{ xs: 1, sm: 2, lg: 3 }}
        items={[
          { label: t("meter.utility"), children: <Utility utility={meter.utility} /> },
          { label: t("meter.status"), children: <Heard status={meter.status} at={meter.heardAt} /> },
          { label: t("meter.heardAt"), children: <Ago at={meter.heardAt} /> },
          {
            label: t("meter.place"),
            children:
              meter.role === null
                ? t("meter.notInstalled")
                : place({ building: meter.building, room: meter.role === "master" ? t("meter.master") : meter.room }),
          },
          {
            label: t("meter.account"),
            children:
              meter.account === null ? (
                "–"
              ) : (
                <Link to={`/accounts/${meter.account.id}`}>{`${meter.account.name} · ${meter.account.number}`}</Link>
              ),
          },
          { label: t("meter.profile"), children: <code>{meter.profileId}</code> },
          {
            label: t("meter.link"),
            children: [
              t(`meter.link.${meter.link.kind}`),
              meter.link.name,
              meter.link.unitId === null ? "" : t("meter.unit", { n: meter.link.unitId }),
              meter.link.deviceKey ?? "",
            ]
              .filter((part) => part !== "")
              .join(" · "),
          },
          {
            label: t("meter.installedAt"),
            children: installed === undefined ? "–" : format.dayOfInstant(installed.installedAt),
          },
          { label: t("meter.ratio"), children: installed === undefined ? "–" : format.number(installed.ratio, 9) },
        ]}
      />
    </Card>
  );
}

function Registers({ meter }: { meter: MeterJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const valueOf = (r: LatestReadingJson) => {
    if (r.kind !== "state") return <span className="amount">{format.quantity(r.quantity, 3)}</span>;
    if (r.state !== null && (r.register === "relay_state" || r.register === "valve_state"))
      return <RelayLamp state={r.state} />;
    return r.state ?? r.quantity.value;
  };
  return (
    <Card size="small" title={t("meter.registers")}>
      <ListTable
        rowKey="register"
        pagination={false}
        dataSource={meter.registers}
        empty={t("meter.noRegisters")}
        columns={[
          {
            title: t("meter.register"),
            render: (_, r) => <span title={r.register}>{term("register", r.register)}</span>,
          },
          { title: t("meter.value"), align: "right", render: (_, r) => valueOf(r) },
          { title: t("meter.measuredAt"), render: (_, r) => format.instantSeconds(r.measuredAt) },
          { title: t("meter.receivedAt"), render: (_, r) => <Ago at={r.receivedAt} /> },
          { title: t("meter.source"), render: (_, r) => <Tag>{term("source", r.source)}</Tag> },
        ]}
      />
    </Card>
  );
}

export default function Meter() {
  const { id = "" } = useParams();
  const { t } = useSpeech();
  const meter = useMeter(id);
  return (
    <>
      <PageTitle title={t("meter.title", { serial: meter.data?.serial ?? id })} />
      <Loaded query={meter} rows={10}>
        {(m) => (
          <div className="stack">
            <Facts meter={m} />
            <div className="grid-2">
              <Curve meter={m} />
              <Registers meter={m} />
            </div>
            <Life meter={m} />
            <VerdictTable verdicts={m.verdicts} />
            <Edits meterId={m.id} />
            <HeardDays meter={m} />
            <div className="grid-2">
              <GapTable gaps={m.gaps} />
              <ConflictTable conflicts={m.conflicts} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}

import { Button, Card, Descriptions, Tag } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router-dom";
import type { ShiftJson } from "../../../../api/schemas/counter.ts";
import { urlOf } from "../../api/client.ts";
import { useShift } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { ConfirmShift } from "./confirm-shift.tsx";
import { CountShift } from "./count-shift.tsx";

export const SHIFT_TONE = { open: "green", counted: "orange", closed: "default" } as const;

function Report({ shift }: { shift: ShiftJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const hidden = t("shift.hidden");
  const line = (label: string, money: ShiftJson["float"] | null) =>
    money === null ? [] : [{ label, children: <Amount money={money} /> }];
  return (
    <Card
      size="small"
      title={`${t(shift.state === "open" ? "shift.x" : "shift.z")} ${shift.id}`}
      extra={<Tag color={SHIFT_TONE[shift.state]}>{t(`shift.state.${shift.state}`)}</Tag>}
      data-testid="shift-report"
    >
      <Descriptions
        size="small"
        column={{ xs: 1, sm: 2 }}
        items={[
          { label: t("shift.drawer"), children: shift.drawer },
          { label: t("shift.clerk"), children: shift.clerk },
          { label: t("shift.opened"), children: format.instant(shift.openedAt) },
          ...(shift.closedAt === null ? [] : [{ label: t("shift.closed"), children: format.instant(shift.closedAt) }]),
          { label: t("shift.float"), children: <Amount money={shift.float} /> },
          ...line(t("shift.expected"), shift.expected),
          ...line(t("shift.isCounted"), shift.counted),
          ...line(t("shift.variance"), shift.variance),
          ...(shift.reason === null ? [] : [{ label: t("shift.reason"), children: shift.reason }]),
          ...(shift.confirmedBy === null ? [] : [{ label: t("shift.confirmedBy"), children: shift.confirmedBy }]),
        ]}
      />
      <ListTable
        rowKey="kind"
        pagination={false}
        dataSource={shift.kinds}
        empty={t("shift.nothing")}
        columns={[
          { title: t("counter.channel"), render: (_, k) => term("channel", k.kind) },
          { title: t("shift.received"), align: "right", dataIndex: "received" },
          {
            title: t("shift.in"),
            align: "right",
            render: (_, k) => (k.in === null ? hidden : <Amount money={k.in} />),
          },
          { title: t("shift.givenBack"), align: "right", dataIndex: "givenBack" },
          {
            title: t("shift.out"),
            align: "right",
            render: (_, k) => (k.out === null ? hidden : <Amount money={k.out} />),
          },
          {
            title: t("shift.net"),
            align: "right",
            render: (_, k) => (k.net === null ? hidden : <Amount money={k.net} />),
          },
        ]}
      />
      {shift.counts.length < 2 ? null : (
        <ul className="quiet">
          {shift.counts.map((count) => (
            <li key={count.no}>
              {t("shift.countNo", { no: count.no })} {format.money(count.counted)} · {count.by} ·{" "}
              {format.instant(count.at)}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Shift({ shift }: { shift: ShiftJson }) {
  const { t } = useSpeech();
  const me = useUser();
  const [again, setAgain] = useState(0);
  const may = shift.mine || me.role === "manager";
  return (
    <>
      <PageTitle title={t("shift.title", { drawer: shift.drawer, clerk: shift.clerk })}>
        <Link to="/shifts">{t("nav.shifts")}</Link>
        {shift.state === "open" ? null : (
          <a href={urlOf(`/counter/shifts/${shift.id}/entries.csv`)} download>
            {t("shift.csv")}
          </a>
        )}
        <Button onClick={() => window.print()}>{t("shift.print")}</Button>
      </PageTitle>
      <div className="shift-page">
        <Report shift={shift} />
        {may && shift.state === "counted" ? (
          <div className="no-print">
            <ConfirmShift shift={shift} />
            {again === shift.counts.length ? (
              <CountShift key={shift.counts.length} shift={shift} />
            ) : (
              <Button type="link" onClick={() => setAgain(shift.counts.length)}>
                {t("shift.again")}
              </Button>
            )}
          </div>
        ) : null}
        {may && shift.state === "open" ? (
          <div className="no-print">
            <CountShift shift={shift} />
          </div>
        ) : null}
      </div>
    </>
  );
}

export default function ShiftPage() {
  const { id = "" } = useParams();
  const shift = useShift(id);
  return (
    <Loaded query={shift} rows={8}>
      {(data) => <Shift shift={data} />}
    </Loaded>
  );
}

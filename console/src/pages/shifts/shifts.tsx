import { Button, Card, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { CounterJson, ShiftRowJson } from "../../../../api/schemas/counter.ts";
import { useCounter, useShifts } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount, isDebt } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { Cheques } from "./cheques.tsx";
import { OpenShift } from "./open-shift.tsx";
import { SHIFT_TONE } from "./shift.tsx";
import { CounterTerms } from "./terms.tsx";

const PAGE_SIZE = 20;

function Now({ counter }: { counter: CounterJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { shift, drawers } = counter;
  return (
    <Card size="small" title={t("shift.drawers")}>
      <ul className="drawers">
        {drawers.map(({ id, code, name, takenBy }) => (
          <li key={id}>
            <b>{code}</b> {name}{" "}
            {takenBy === null ? (
              <Tag>{t("shift.free")}</Tag>
            ) : (
              <Tag color="green">{`${takenBy.clerk} · ${format.dayClockShort(takenBy.since)}`}</Tag>
            )}
          </li>
        ))}
      </ul>
      {shift === null ? (
        <OpenShift counter={counter} done={() => undefined} />
      ) : (
        <Link to={`/shifts/${shift.id}`}>
          <Button type="primary">{t("shift.end")}</Button>
        </Link>
      )}
    </Card>
  );
}

function Variance({ row }: { row: ShiftRowJson }) {
  const format = useFormat();
  const { variance } = row;
  if (variance === null) return "–";
  const isEven = !/[1-9]/.test(variance.amount);
  return <span className={`amount ${isEven ? "" : isDebt(variance) ? "debt" : "gain"}`}>{format.money(variance)}</span>;
}

/** Drawers, shifts and cheques: who is where, what was counted, and what waits for a second person. */
export default function Shifts() {
  const { t } = useSpeech();
  const format = useFormat();
  const me = useUser();
  const [page, setPage] = useState(1);
  const counter = useCounter();
  const shifts = useShifts({ page, pageSize: PAGE_SIZE });
  return (
    <>
      <PageTitle title={t("nav.shifts")} note={t("shift.note")} />
      <div className="stack">
        <Loaded query={counter}>{(data) => <Now counter={data} />}</Loaded>
        <Loaded query={shifts}>
          {(data) => (
            <Card size="small" title={t("shift.list")}>
              <ListTable
                dataSource={data.items}
                empty={t("shift.noShifts")}
                pagination={{
                  current: page,
                  pageSize: PAGE_SIZE,
                  total: data.total,
                  onChange: setPage,
                  hideOnSinglePage: true,
                }}
                columns={[
                  { title: t("shift.number"), render: (_, s) => <Link to={`/shifts/${s.id}`}>{s.id}</Link> },
                  { title: t("shift.opened"), render: (_, s) => format.instant(s.openedAt) },
                  { title: t("shift.drawer"), dataIndex: "drawer" },
                  { title: t("shift.clerk"), dataIndex: "clerk" },
                  {
                    title: t("shift.state"),
                    render: (_, s) => (
                      <Tag color={SHIFT_TONE[s.state]}>
                        {t(s.secondPerson ? "shift.state.second" : `shift.state.${s.state}`)}
                      </Tag>
                    ),
                  },
                  { title: t("shift.float"), align: "right", render: (_, s) => <Amount money={s.float} /> },
                  { title: t("shift.isCounted"), align: "right", render: (_, s) => <Amount money={s.counted} /> },
                  { title: t("shift.variance"), align: "right", render: (_, s) => <Variance row={s} /> },
                  { title: t("shift.reason"), render: (_, s) => s.reason ?? "" },
                ]}
              />
            </Card>
          )}
        </Loaded>
        <Cheques />
        {me.role === "manager" && counter.data !== undefined ? <CounterTerms terms={counter.data.terms} /> : null}
      </div>
    </>
  );
}

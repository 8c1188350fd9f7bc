import { Tooltip } from "antd";
import { Link } from "react-router-dom";
import type { BusUnitJson } from "../../../../api/schemas/bus.ts";
import { useSpeech } from "../../i18n/language.tsx";
import type { TextKey } from "../../i18n/texts.ts";
import { ListTable } from "../../parts/list-table.tsx";
import { Ago } from "../../parts/heard.tsx";
import { useFormat } from "../../shell/operator.tsx";

const LAMP = { closed: "lamp-on", half_open: "lamp-moving", open: "lamp-fault" } as const;

function Breaker({ unit }: { unit: BusUnitJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <Tooltip title={t(`breaker.${unit.breaker}.hint` satisfies TextKey)}>
      <span className={`lamp ${LAMP[unit.breaker]}`} data-testid="breaker" data-state={unit.breaker}>
        <i aria-hidden="true" />
        {term("breaker", unit.breaker)}
        {unit.openedAt === null ? null : (
          <span className="quiet"> {t("buses.since", { at: format.instant(unit.openedAt) })}</span>
        )}
      </span>
    </Tooltip>
  );
}

/** How far its own clock is off: `+42 s` runs ahead. Red when a person must look. */
function Drift({ unit }: { unit: BusUnitJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  if (unit.clock === null) return <span className="quiet">–</span>;
  const { driftMs, checkedAt, outcome } = unit.clock;
  const seconds = Math.round(driftMs / 1000);
  const bad = outcome === "held" || outcome === "unproved";
  return (
    <Tooltip title={t("buses.clockAt", { what: term("clockOutcome", outcome), at: format.instant(checkedAt) })}>
      <span className={bad ? "bus-ill" : ""} data-testid="clock" data-state={outcome}>
        {seconds > 0 ? "+" : seconds < 0 ? "−" : ""}
        {format.count(Math.abs(seconds))} s
      </span>
    </Tooltip>
  );
}

/** The slaves of one line, those in trouble first. */
export function Units({ units }: { units: readonly BusUnitJson[] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const rows = units.toSorted(
    (a, b) => Number(a.breaker === "closed") - Number(b.breaker === "closed") || a.unitId - b.unitId,
  );
  return (
    <ListTable
      rowKey="unitId"
      dataSource={rows}
      pagination={rows.length > 20 ? { pageSize: 20, showSizeChanger: false } : false}
      empty={t("buses.noUnits")}
      columns={[
        { title: t("buses.unit"), align: "right", width: 70, render: (_, u) => u.unitId },
        { title: t("buses.meter"), render: (_, u) => <Link to={`/meters/${u.meterId}`}>{u.serial}</Link> },
        { title: t("buses.state"), render: (_, u) => <Breaker unit={u} /> },
        { title: t("buses.heard"), render: (_, u) => <Ago at={u.lastHeardAt} /> },
        {
          title: t("buses.failures"),
          align: "right",
          render: (_, u) => (u.failures === 0 ? <span className="quiet">–</span> : format.count(u.failures)),
        },
        {
          title: t("buses.rests"),
          render: (_, u) =>
            u.restsMs === 0 ? (
              <span className="quiet">–</span>
            ) : (
              t("buses.restsFor", { n: format.count(Math.ceil(u.restsMs / 1000)) })
            ),
        },
        {
          title: t("buses.refusal"),
          render: (_, u) =>
            u.lastRefusal === null ? (
              <span className="quiet">–</span>
            ) : (
              <Tooltip title={u.lastRefusal.detail}>{term("reason", u.lastRefusal.reason)}</Tooltip>
            ),
        },
        ...(rows.some(({ clock }) => clock !== null)
          ? [{ title: t("buses.clock"), render: (_: unknown, u: BusUnitJson) => <Drift unit={u} /> }]
          : []),
        { title: t("buses.profile"), render: (_, u) => <code>{u.profileId}</code> },
      ]}
    />
  );
}

import { Alert, Button, Progress, Select, Tag, Tooltip } from "antd";
import { Link } from "react-router-dom";
import type { SupplyBoardJson } from "../../../../api/schemas/supply-board.ts";
import { useHoldStep, useSupplyBoard } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { SupplyTag } from "./accounts.tsx";
import { NoteHold } from "./note-hold.tsx";
import { CONTROL_TONE } from "./orders.tsx";
import { WorkOrders } from "./work-orders.tsx";

type BoardMeter = SupplyBoardJson["meters"][number];

/** How all prepaid supply of the operator stands at this moment. */
export function SupplyBoard() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const board = useSupplyBoard(filter.get("building"));
  return (
    <Loaded query={board} isEmpty={(data) => data.total === 0} empty={t("supply.none")}>
      {(data) => (
        <div className="supply-board">
          <Pause pause={data.pause} />
          <States board={data} />
          <Caps cap={data.cap} />
          {data.unknowns.length === 0 ? null : (
            <section>
              <h3>{t("supply.unknowns", { n: data.unknowns.length })}</h3>
              <WorkOrders items={data.unknowns} />
            </section>
          )}
          <section>
            <h3>{t("supply.queue", { n: data.queue.length })}</h3>
            <Queue queue={data.queue} />
          </section>
          <Lamps meters={data.meters} total={data.total} />
        </div>
      )}
    </Loaded>
  );
}

function Pause({ pause }: { pause: SupplyBoardJson["pause"] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const user = useUser();
  const end = useHoldStep(pause?.id ?? "", "end");
  if (pause === null) return user.role === "manager" ? <NoteHold kind="pause" /> : null;
  const until = pause.until === null ? "" : ` ${t("supply.until", { at: format.instant(pause.until) })}`;
  return (
    <>
      <Alert
        type="warning"
        showIcon
        data-testid="supply-paused"
        title={t("supply.paused")}
        description={`${pause.reason} · ${pause.by}, ${format.instant(pause.since)}${until}`}
        action={
          user.role === "manager" ? (
            <Button size="small" loading={end.isPending} onClick={() => end.mutate({})} data-testid="supply-resume">
              {t("supply.resume")}
            </Button>
          ) : null
        }
      />
      {end.error === null ? null : <ProblemNote error={end.error} />}
    </>
  );
}

function States({ board }: { board: SupplyBoardJson }) {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  return (
    <div className="supply-states">
      {board.states.map(({ state, count }) => (
        <button
          key={state}
          type="button"
          className="supply-count"
          onClick={() => filter.set({ tab: "accounts", state })}
          data-testid={`supply-count-${state}`}
        >
          <b>{count}</b>
          <SupplyTag state={state} />
        </button>
      ))}
      <div className="grow">
        {board.held.map(({ reason, count }) => (
          <Tag key={reason}>
            {term("held", reason)}: {count}
          </Tag>
        ))}
        {board.holds.map(({ kind, count }) => (
          <Tag key={kind} color="blue">
            {term("supplyHold", kind)}: {count}
          </Tag>
        ))}
        {board.held.length + board.holds.length === 0 ? <span className="quiet">{t("supply.noHolds")}</span> : null}
      </div>
    </div>
  );
}

function Caps({ cap }: { cap: SupplyBoardJson["cap"] }) {
  const { t } = useSpeech();
  const bar = (label: string, sent: number, most: number | null) => (
    <div className="supply-cap" key={label}>
      <span>{label}</span>
      {most === null ? (
        <span className="quiet">{t("supply.capNone", { sent })}</span>
      ) : (
        <Progress
          size="small"
          percent={Math.min(100, Math.round((100 * sent) / Math.max(1, most)))}
          status={sent >= most ? "exception" : "normal"}
          format={() => `${sent} / ${most}`}
        />
      )}
    </div>
  );
  return (
    <section>
      <h3>{t("supply.cap")}</h3>
      <div className="supply-caps">
        {bar(t("supply.capAll"), cap.sentLastHour, cap.perHourMax)}
        {cap.buildings
          .filter(({ sentLastHour }) => sentLastHour > 0)
          .map(({ building, sentLastHour, perHourMax }) =>
            bar(t("place.building", { n: building }), sentLastHour, perHourMax),
          )}
      </div>
    </section>
  );
}

function Queue({ queue }: { queue: SupplyBoardJson["queue"] }) {
  const { t, term } = useSpeech();
  return (
    <ListTable
      dataSource={queue}
      pagination={false}
      empty={t("supply.queueEmpty")}
      columns={[
        { title: t("order.at"), key: "at", render: (_, c) => <Ago at={c.createdAt} /> },
        { title: t("order.action"), key: "action", render: (_, c) => term("action", c.action) },
        {
          title: t("account.name"),
          key: "account",
          render: (_, c) =>
            c.accountId === null ? (
              "–"
            ) : (
              <Link to={`/accounts/${c.accountId}`}>{c.accountName ?? c.accountNumber ?? c.accountId}</Link>
            ),
        },
        {
          title: t("meter.serial"),
          key: "meter",
          render: (_, c) => <Link to={`/meters/${c.meterId}`}>{c.serial}</Link>,
        },
        {
          title: t("order.state"),
          key: "state",
          render: (_, c) => <Tag color={CONTROL_TONE[c.state]}>{term("control", c.state)}</Tag>,
        },
        { title: t("order.attempts"), key: "attempts", align: "right", dataIndex: "attempts" },
      ]}
    />
  );
}

/** A lamp a home, house by house: what is wanted and what was reported, where they differ, are seen at once. */
function Lamps({ meters, total }: { meters: readonly BoardMeter[]; total: number }) {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const houses = Map.groupBy(meters, ({ building }) => building);
  const names = [...houses.keys()].toSorted((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const building = filter.get("building");
  return (
    <section>
      <h3>{t("supply.lamps")}</h3>
      {meters.length < total && building === "" ? (
        <p className="quiet">{t("supply.mostUrgent", { n: meters.length, total })}</p>
      ) : null}
      {names.length > 1 || building !== "" ? (
        <Select
          allowClear
          className="supply-building"
          placeholder={t("supply.allBuildings")}
          value={building === "" ? null : building}
          onChange={(value: string | undefined) => filter.set({ building: value ?? null })}
          options={names.map((value) => ({ value, label: t("place.building", { n: value }) }))}
        />
      ) : null}
      {names.map((name) => (
        <div key={name} className="supply-house">
          <span className="quiet">{name === "" ? t("supply.noBuilding") : t("place.building", { n: name })}</span>
          <div className="supply-lamps">
            {(houses.get(name) ?? [])
              .toSorted((a, b) => a.room.localeCompare(b.room, undefined, { numeric: true }))
              .map((meter) => (
                <MeterLamp key={meter.meterId} meter={meter} />
              ))}
          </div>
        </div>
      ))}
    </section>
  );
}

function MeterLamp({ meter }: { meter: BoardMeter }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const differs = meter.desired !== meter.reported && meter.reported !== "limited";
  const said = [
    `${place(meter)} ${meter.accountName}`,
    term("supply", meter.state),
    term("relay", meter.reported),
    meter.held === null ? "" : term("held", meter.held),
    meter.available === null ? "" : format.money(meter.available),
    meter.emergency === null
      ? ""
      : t("emergency.open", { used: format.money(meter.emergency.used), amount: format.money(meter.emergency.amount) }),
  ];
  return (
    <Tooltip title={said.filter(Boolean).join(" · ")}>
      <Link
        to={`/accounts/${meter.accountId}`}
        className={`supply-lamp supply-${meter.reported}${differs ? " supply-differs" : ""}${meter.emergency === null ? "" : " supply-lent"}`}
        aria-label={said.filter(Boolean).join(", ")}
        data-state={meter.state}
      >
        {meter.room === "" ? meter.accountNumber : meter.room}
      </Link>
    </Tooltip>
  );
}

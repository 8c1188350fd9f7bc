import { Card, Empty, Space, Tag, Tooltip } from "antd";
import { Link } from "react-router-dom";
import type { BalanceFiguresJson, BalanceRowJson } from "../../../../api/schemas/balance.ts";
import { useBalances } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { FilterSelect } from "../../parts/filter-select.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { MonthPicker } from "../../parts/month-picker.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { Utility } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { UTILITY_ORDER } from "../../theme.ts";
import { CloseMonth } from "./close-month.tsx";
import { FLOWS, OVER_COLOUR } from "./figures.ts";
import { BalanceBar } from "./flow.tsx";
import "./balance.css";

/** A building as people call it; a master of no building measures the whole site. */
export function useBuilding(): (building: string) => string {
  const { t } = useSpeech();
  return (building) =>
    building === ""
      ? t("balance.buildingAlone")
      : /^\d+$/.test(building)
        ? t("place.building", { n: building })
        : building;
}

function Figures({ figures }: { figures: BalanceFiguresJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const percent = (text: string | null) => (text === null ? "–" : `${format.number(text, 2)} %`);
  const isOver = figures.residue.value.startsWith("-");
  const colourOf = (name: string) => FLOWS.find((flow) => flow.name === name)?.colour;
  const line = (name: "sub" | "common" | "loss" | "residue", share: string | null, title = t(`balance.${name}`)) => (
    <>
      <dt>
        <i
          className="balance-dot"
          style={{ background: name === "residue" && isOver ? OVER_COLOUR : colourOf(name) }}
        />
        {title}
      </dt>
      <dd className="amount">{format.quantity(figures[name], 1)}</dd>
      <dd className="amount quiet">{share === null ? "" : percent(share)}</dd>
    </>
  );
  return (
    <dl className="balance-figures">
      <dt>{t("balance.master")}</dt>
      <dd className="amount">
        <b>{format.quantity(figures.master, 1)}</b>
      </dd>
      <dd />
      {line("sub", null)}
      {line("common", null)}
      {line("loss", figures.lossPercent)}
      {line("residue", figures.residuePercent, t(isOver ? "balance.over" : "balance.residue"))}
    </dl>
  );
}

export function BalanceTags({ figures }: { figures: BalanceFiguresJson }) {
  const { t, term } = useSpeech();
  const told = [...new Set(figures.verdicts.map(({ verdict }) => verdict))];
  const tone = (verdict: string) => (verdict === "negative_loss" ? "red" : "gold");
  return (
    <Space size={4} wrap>
      {figures.provisional ? (
        <Tooltip title={t("balance.provisional.hint")}>
          <Tag color="red">{t("balance.provisional")}</Tag>
        </Tooltip>
      ) : null}
      {told.map((verdict) => (
        <Tag key={verdict} color={tone(verdict)} style={{ whiteSpace: "normal" }}>
          {term("balanceVerdict", verdict)}
        </Tag>
      ))}
    </Space>
  );
}

function BalanceCard({ row, period }: { row: BalanceRowJson; period: string }) {
  const { t } = useSpeech();
  const user = useUser();
  const building = useBuilding();
  const { balance } = row;
  const name = (
    <Space>
      <Utility utility={row.utility} />
      {building(row.building)}
    </Space>
  );
  return (
    <Card
      size="small"
      data-testid="balance-card"
      title={balance === null ? name : <Link to={`/balances/${balance.id}`}>{name}</Link>}
      extra={<span className="quiet">{row.serial}</span>}
    >
      {balance === null ? (
        <Empty
          image={Empty.PRESENTED_IMAGE_SIMPLE}
          description={
            <Tooltip title={t("balance.notClosed.hint")}>
              <span>{t("balance.notClosed")}</span>
            </Tooltip>
          }
        >
          {user.role === "manager" ? <CloseMonth masterPointId={row.masterPointId} period={period} isFirst /> : null}
        </Empty>
      ) : (
        <div className="balance-card">
          <BalanceBar figures={balance} />
          <Figures figures={balance} />
          <BalanceTags figures={balance} />
        </div>
      )}
    </Card>
  );
}

export default function Balances() {
  const { t, term } = useSpeech();
  const filter = useUrlFilter();
  const utility = wordOf(filter.get("utility"), UTILITY_ORDER);
  const period = filter.get("period");
  const balances = useBalances({
    ...(period === "" ? {} : { period }),
    ...(utility === undefined ? {} : { utility }),
  });
  const month = period === "" ? balances.data?.period : period;
  return (
    <>
      <PageTitle title={t("nav.balances")} />
      <div className="filters">
        <MonthPicker month={month} filter={filter} testId="balances-month" />
        <FilterSelect
          filter={filter}
          name="utility"
          all={t("balance.allUtilities")}
          value={utility ?? null}
          options={UTILITY_ORDER.map((name) => ({ value: name, label: term("utility", name) }))}
        />
      </div>
      <Loaded query={balances} isEmpty={(data) => data.items.length === 0} empty={t("balance.none")}>
        {(data) => (
          <div className="balance-cards">
            {data.items.map((row) => (
              <BalanceCard key={row.masterPointId} row={row} period={data.period} />
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

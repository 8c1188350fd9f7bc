import { Button, Checkbox, Segmented, Space, type TableColumnsType, Tag } from "antd";
import { type Key, useCallback, useMemo, useState } from "react";
import { Link } from "react-router-dom";
import type { WorkItemJson, WorkJson, WorkState } from "../../../../api/schemas/work.ts";
import { useWork, type WorkAsked } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { FilterSelect } from "../../parts/filter-select.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePages } from "../../parts/pages.tsx";
import { usePlace } from "../../parts/place.ts";
import { SearchBox } from "../../parts/search-box.tsx";
import { type UrlFilter, useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { Utility } from "../../parts/utility.tsx";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { Decide, type DecisionName } from "./decide.tsx";
import { EditReading } from "./edit-reading.tsx";

const STATES = ["open", "decided", "withdrawn"] as const;
const UTILITIES = ["electricity", "gas", "water", "heat"] as const;

const stateOf = (filter: UrlFilter): WorkState => wordOf(filter.get("state"), STATES) ?? "open";

function askedOf(filter: UrlFilter): WorkAsked {
  const utility = wordOf(filter.get("utility"), UTILITIES);
  return {
    state: stateOf(filter),
    rule: filter.get("rule"),
    building: filter.get("building"),
    search: filter.get("search"),
    page: filter.page,
    pageSize: filter.pageSize,
    ...(filter.get("holds") === "bill" ? { holds: "bill" as const } : {}),
    ...(utility === undefined ? {} : { utility }),
  };
}

function Filters({ filter, data }: { filter: UrlFilter; data: WorkJson | undefined }) {
  const { t, term } = useSpeech();
  const { set } = filter;
  const search = useCallback((text: string) => set({ search: text }), [set]);
  return (
    <div className="filters">
      <Segmented<WorkState>
        value={stateOf(filter)}
        onChange={(state) => set({ state })}
        options={STATES.map((state) => ({ value: state, label: t(`work.state.${state}`) }))}
      />
      <SearchBox value={filter.get("search")} onSearch={search} label={t("work.search")} testId="work-search" />
      <FilterSelect
        filter={filter}
        name="rule"
        all={t("work.allRules")}
        options={(data?.rules ?? []).map((r) => ({ value: r.rule, label: `${term("rule", r.rule)} · ${r.open}` }))}
      />
      <FilterSelect
        filter={filter}
        name="utility"
        all={t("work.allUtilities")}
        options={UTILITIES.map((u) => ({ value: u, label: term("utility", u) }))}
      />
      <FilterSelect
        filter={filter}
        name="building"
        all={t("work.allBuildings")}
        options={(data?.buildings ?? []).map((b) => ({ value: b, label: b }))}
      />
      <Checkbox
        checked={filter.get("holds") === "bill"}
        onChange={(event) => set({ holds: event.target.checked ? "bill" : null })}
      >
        {t("work.holds")}
      </Checkbox>
    </div>
  );
}

/** What the rule saw, and what was decided. */
function Evidence({ item }: { item: WorkItemJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const facts = Object.entries({ ...item.inputs, ...item.threshold });
  return (
    <>
      <p className="quiet">
        {t("work.evidence")} · <code>{`${item.rule} v${item.ruleVersion}`}</code> · {format.instant(item.judgedAt)}
      </p>
      <dl className="inputs">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === "string" ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
      {item.decision === null ? null : (
        <p>
          <Tag>{t(`work.decision.${item.decision.decision}`)}</Tag>
          {item.decision.reason} – {item.decision.by ?? t("work.system")}, {format.instant(item.decision.at)}
        </p>
      )}
    </>
  );
}

function useColumns(onEdit: ((item: WorkItemJson) => void) | null): TableColumnsType<WorkItemJson> {
  const { t, term } = useSpeech();
  const place = usePlace();
  const format = useFormat();
  return useMemo(
    () => [
      {
        title: t("work.rule"),
        key: "rule",
        render: (_, w) => (
          <Space size={4}>
            {term("rule", w.rule)}
            {w.holdsBill ? <Tag color="red">{t("work.holdsBill")}</Tag> : null}
          </Space>
        ),
      },
      {
        title: t("meter.serial"),
        key: "serial",
        render: (_, w) => (
          <Space size={6}>
            <Utility utility={w.utility} />
            <Link to={`/meters/${w.meterId}`}>{w.serial}</Link>
          </Space>
        ),
      },
      { title: t("work.where"), key: "where", render: (_, w) => place({ building: w.building, room: w.room }) },
      {
        title: t("meter.account"),
        key: "account",
        render: (_, w) => (w.account === null ? null : <Link to={`/accounts/${w.account.id}`}>{w.account.name}</Link>),
      },
      {
        title: t("work.stretch"),
        key: "stretch",
        render: (_, w) =>
          w.from === w.to ? format.instant(w.to) : `${format.instant(w.from)} → ${format.instant(w.to)}`,
      },
      {
        title: t("work.change"),
        key: "change",
        align: "right",
        render: (_, w) =>
          w.end === null ? (
            "–"
          ) : (
            <span className="amount">
              {w.start === null || w.from === w.to ? "" : `${format.number(w.start.value, 3)} → `}
              {format.quantity(w.end, 3)}
            </span>
          ),
      },
      ...(onEdit === null
        ? []
        : [
            {
              key: "edit",
              render: (_: unknown, w: WorkItemJson) => (
                <Button size="small" type="link" onClick={() => onEdit(w)}>
                  {t("work.edit")}
                </Button>
              ),
            },
          ]),
    ],
    [t, term, place, format, onEdit],
  );
}

const ACTIONS: Readonly<Record<WorkState, readonly DecisionName[]>> = {
  open: ["accept", "no_use", "rollover"],
  decided: ["reopen"],
  withdrawn: [],
};

export default function Work() {
  const { t } = useSpeech();
  const me = useUser();
  const filter = useUrlFilter();
  const state = stateOf(filter);
  const work = useWork(askedOf(filter));
  const [chosen, setChosen] = useState<readonly Key[]>([]);
  const [decision, setDecision] = useState<DecisionName | null>(null);
  const [edited, setEdited] = useState<WorkItemJson | null>(null);
  const may = mayTakePayments(me.role);
  const columns = useColumns(may && state === "open" ? setEdited : null);
  const pagination = usePages(filter, work.data?.total ?? 0);
  const items = (work.data?.items ?? []).filter((item) => chosen.includes(item.id));
  const actions = may ? ACTIONS[state] : [];
  const done = () => {
    setDecision(null);
    setEdited(null);
    setChosen([]);
  };
  return (
    <>
      <PageTitle title={t("nav.work")} />
      <p className="lead">{t("work.lead")}</p>
      <Filters filter={filter} data={work.data} />
      {actions.length === 0 ? null : (
        <Space className="bulk">
          {actions.map((name) => (
            <Button
              key={name}
              type={name === "accept" ? "primary" : "default"}
              disabled={items.length === 0}
              onClick={() => setDecision(name)}
              data-testid={`work-${name}`}
            >
              {t(`work.${name}`)}
            </Button>
          ))}
          <span className="quiet">{items.length === 0 ? "" : t("work.selected", { n: items.length })}</span>
        </Space>
      )}
      <Loaded query={work}>
        {(data) => (
          <ListTable
            columns={columns}
            dataSource={data.items}
            pagination={pagination}
            loading={work.isPlaceholderData}
            empty={t(`work.none.${state}`)}
            expandable={{ expandedRowRender: (item) => <Evidence item={item} /> }}
            {...(actions.length === 0
              ? {}
              : { rowSelection: { selectedRowKeys: [...chosen], onChange: (keys: Key[]) => setChosen(keys) } })}
          />
        )}
      </Loaded>
      {decision === null ? null : <Decide decision={decision} items={items} onDone={done} />}
      {edited === null ? null : <EditReading item={edited} onDone={done} />}
    </>
  );
}

import { Segmented, Tag } from "antd";
import { Link } from "react-router-dom";
import type { TonightJson } from "../../../../api/schemas/supply-board.ts";
import { useTonight } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Balance } from "../../parts/money.tsx";
import { usePlace } from "../../parts/place.ts";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { useFormat } from "../../shell/operator.tsx";

type Row = TonightJson["items"][number];
const HOURS = [6, 12, 24, 48] as const;
const TONE: Readonly<Record<Row["verdict"], string>> = {
  cut: "red",
  under_way: "volcano",
  held: "gold",
  enough: "green",
};

/** Who would be cut in the next hours if nobody pays, who would not, and why. */
export function Tonight() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const filter = useUrlFilter();
  const hours = HOURS.find((h) => String(h) === filter.get("hours")) ?? 12;
  const tonight = useTonight(hours);
  return (
    <>
      <div className="filters">
        <Segmented<number>
          value={hours}
          onChange={(value) => filter.set({ hours: String(value) })}
          options={HOURS.map((value) => ({ value, label: t("supply.hours", { n: value }) }))}
        />
      </div>
      <Loaded query={tonight}>
        {(data) => (
          <>
            <p data-testid="tonight-counts">
              {t("supply.tonightSum", {
                until: format.instant(data.until),
                cut: data.counts.cut,
                underWay: data.counts.underWay,
                held: data.counts.held,
                enough: data.counts.enough,
                well: data.counts.well,
                off: data.counts.off,
              })}
              {data.counts.leftOut === 0 ? "" : ` ${t("supply.leftOut", { n: data.counts.leftOut })}`}
            </p>
            <ListTable<Row>
              rowKey="meterId"
              dataSource={data.items}
              pagination={{ pageSize: 50, hideOnSinglePage: true }}
              empty={t("supply.tonightNone")}
              expandable={{ expandedRowRender: (row) => <Guards row={row} />, expandRowByClick: true }}
              columns={[
                {
                  title: t("supply.verdict"),
                  key: "verdict",
                  render: (_, r) => <Tag color={TONE[r.verdict]}>{term("tonight", r.verdict)}</Tag>,
                },
                { title: t("account.place"), key: "place", render: (_, r) => place(r) },
                {
                  title: t("account.name"),
                  key: "name",
                  render: (_, r) => <Link to={`/accounts/${r.accountId}`}>{r.accountName}</Link>,
                },
                {
                  title: t("account.available"),
                  key: "available",
                  align: "right",
                  render: (_, r) => (r.available === null ? "–" : <Balance money={r.available} />),
                },
                { title: t("account.lastReading"), key: "read", render: (_, r) => <Ago at={r.lastReadingAt} /> },
                {
                  title: t("supply.cutAt"),
                  key: "cutAt",
                  render: (_, r) => (r.cutAt === null ? "–" : format.instant(r.cutAt)),
                },
                {
                  title: t("supply.why"),
                  key: "why",
                  render: (_, r) =>
                    r.held === null || r.verdict === "enough" ? (
                      ""
                    ) : (
                      <span className="quiet">{term("held", r.held)}</span>
                    ),
                },
              ]}
            />
          </>
        )}
      </Loaded>
    </>
  );
}

/** Every guard with its answer; the policy that asks. */
function Guards({ row }: { row: Row }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <div>
      <ul className="supply-guards">
        {row.guards.map(({ guard, passes, opensAt }) => (
          <li key={guard} className={passes ? "quiet" : ""}>
            {passes ? "✓" : "✗"} {term("held", guard)}
            {passes
              ? ""
              : opensAt === null
                ? ` · ${t("supply.somebody")}`
                : ` · ${t("supply.opens", { at: format.instant(opensAt) })}`}
          </li>
        ))}
      </ul>
      <span className="quiet">
        {t("supply.policy", { id: row.policy.id, version: row.policy.version })} ·{" "}
        {t("supply.limit", { amount: format.money(row.cutBelow) })}
      </span>
    </div>
  );
}

import { Card, Table, Tag } from "antd";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { Change } from "./answer.tsx";
import { useTariffOptions } from "./queries.ts";

/** What each tariff on offer would have cost one account, the cheapest first. */
export function BestOption({ accountId }: { accountId: string }) {
  const { t, language } = useSpeech();
  const format = useFormat();
  const options = useTariffOptions(accountId);
  return (
    <Card size="small" title={t("whatIf.best")} data-testid="what-if-best">
      <Loaded query={options} rows={3}>
        {(data) => (
          <>
            <p className="quiet">
              {t("whatIf.best.of", {
                from: format.day(data.from.slice(0, 10)),
                to: format.dayBefore(data.to.slice(0, 10)),
              })}
            </p>
            <Table
              rowKey="key"
              size="small"
              pagination={false}
              scroll={{ x: "max-content" }}
              dataSource={data.utilities.flatMap(({ utility, options: all }) =>
                all.map((option, i) => ({
                  ...option,
                  key: `${utility} ${option.tariffId}`,
                  utility,
                  isCheapest: i === 0 && all.length > 1 && option.cost !== null,
                })),
              )}
              columns={[
                { title: t("meter.utility"), render: (_, one) => <Utility utility={one.utility} /> },
                {
                  title: t("whatIf.tariff"),
                  render: (_, one) => (
                    <>
                      {one.title[language]} {one.isCurrent ? <Tag>{t("whatIf.best.current")}</Tag> : null}
                      {one.isCheapest ? <Tag color="green">{t("whatIf.best.cheapest")}</Tag> : null}
                      {one.guessed !== null && Number(one.guessed.value) > 0 ? (
                        <div className="quiet">
                          {t("whatIf.guessed", { quantity: format.quantity(one.guessed, 0) })}
                        </div>
                      ) : null}
                    </>
                  ),
                },
                {
                  title: t("whatIf.best.cost"),
                  align: "right",
                  render: (_, one) =>
                    one.cost === null ? (
                      <span className="quiet" title={one.why}>
                        {t("whatIf.best.unknown")}
                      </span>
                    ) : (
                      <span className="amount">{format.money(one.cost)}</span>
                    ),
                },
                {
                  title: t("whatIf.change"),
                  align: "right",
                  render: (_, one) => (one.change === null ? null : <Change money={one.change} />),
                },
              ]}
            />
          </>
        )}
      </Loaded>
    </Card>
  );
}

import { Button, Card, Space, Tag } from "antd";
import { Link, useParams } from "react-router-dom";
import { urlOf } from "../../api/client.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useCorrection } from "./queries.ts";

/** One correction note: what was billed, what it should be, and the difference, line by line. */
export default function Correction() {
  const { id = "" } = useParams();
  const { t, term, language } = useSpeech();
  const format = useFormat();
  return (
    <Loaded query={useCorrection(id)} rows={10}>
      {(one) => (
        <>
          <PageTitle
            title={`${t(`rebill.kind.${one.kind}`)} ${one.number}`}
            note={
              <span className="quiet">
                {format.day(one.issuedOn)} · {one.reason} · {one.by ?? "–"}
              </span>
            }
          >
            <Space wrap>
              <Link to={`/accounts/${one.accountId}`}>
                <Button>{`${one.accountNumber} ${one.accountName}`}</Button>
              </Link>
              <Button href={urlOf(`/corrections/${one.id}/note.pdf`, { lang: language })} target="_blank">
                {t("rebill.pdf")}
              </Button>
              <Button href={urlOf(`/corrections/${one.id}/note.html`, { lang: language })} target="_blank">
                {t("rebill.paper")}
              </Button>
            </Space>
          </PageTitle>
          <Card size="small">
            <p>
              {t("rebill.total")}{" "}
              <b data-testid="correction-total">
                <Amount money={one.total} />
              </b>
            </p>
            <ListTable
              rowKey={(line) => `${line.billId} ${line.key}`}
              dataSource={one.lines}
              pagination={false}
              empty="–"
              columns={[
                { title: t("nav.bills"), render: (_, line) => <Link to={`/bills/${line.billId}`}>{line.bill}</Link> },
                {
                  title: t("bill.charge"),
                  render: (_, line) => (
                    <>
                      {language === "zh" ? line.titleZh : line.titleEn}
                      {line.tier === null ? null : <Tag>{t("bill.tier", { n: line.tier })}</Tag>}
                      {line.tou === null ? null : <Tag>{term("tou", line.tou)}</Tag>}
                    </>
                  ),
                },
                { title: t("rebill.version"), render: (_, line) => line.tariffVersion },
                {
                  title: t("replay.quantity"),
                  align: "right",
                  render: (_, line) =>
                    line.quantity === null || line.unit === null
                      ? ""
                      : `${format.number(line.quantity, 3)} ${term("per", unitText(line.unit))}`,
                },
                { title: t("replay.billed"), align: "right", render: (_, line) => <Amount money={line.billed} /> },
                { title: t("replay.shouldBe"), align: "right", render: (_, line) => <Amount money={line.shouldBe} /> },
                {
                  title: t("replay.difference"),
                  align: "right",
                  render: (_, line) => (
                    <b>
                      <Amount money={line.difference} />
                    </b>
                  ),
                },
              ]}
            />
          </Card>
          {one.charges.length > 0 && (
            <Card size="small" title={t("rebill.otherCharges")}>
              <ListTable
                rowKey={(line) => `${line.billId} ${line.titleEn} ${line.billed.amount}`}
                dataSource={one.charges}
                pagination={false}
                empty="–"
                columns={[
                  { title: t("nav.bills"), render: (_, line) => <Link to={`/bills/${line.billId}`}>{line.bill}</Link> },
                  { title: t("bill.charge"), render: (_, line) => (language === "zh" ? line.titleZh : line.titleEn) },
                  { title: t("replay.billed"), align: "right", render: (_, line) => <Amount money={line.billed} /> },
                  {
                    title: t("replay.shouldBe"),
                    align: "right",
                    render: (_, line) => <Amount money={line.shouldBe} />,
                  },
                  {
                    title: t("replay.difference"),
                    align: "right",
                    render: (_, line) => <Amount money={line.difference} />,
                  },
                ]}
              />
            </Card>
          )}
          {one.carried.length > 0 && (
            <Card size="small" title={t("rebill.carried")}>
              <ListTable
                rowKey={(line) => `${line.usagePointId} ${line.what} ${line.name}`}
                dataSource={one.carried}
                pagination={false}
                empty="–"
                columns={[
                  {
                    title: t("bill.charge"),
                    render: (_, line) =>
                      `${t(`rebill.carried.${line.what}`)}${line.name === "" ? "" : ` · ${line.name}`}`,
                  },
                  { title: t("nav.bills"), render: (_, line) => line.bill },
                  {
                    title: t("rebill.carried.was"),
                    align: "right",
                    render: (_, line) => carriedText(line.was, line.unit),
                  },
                  {
                    title: t("rebill.carried.now"),
                    align: "right",
                    render: (_, line) => carriedText(line.now, line.unit),
                  },
                ]}
              />
            </Card>
          )}
        </>
      )}
    </Loaded>
  );
}

const carriedText = (value: string | null, unit: string): string =>
  value === null ? "–" : unit === "money" ? value : `${value} ${unit}`;

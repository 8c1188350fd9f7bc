import { Alert, Button, Card, Input, Progress, Space, Statistic, Tag } from "antd";
import { useRef, useState } from "react";
import { Link } from "react-router-dom";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Amount } from "../../parts/money.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { cell } from "../balance/figures.ts";
import { useFormat } from "../../shell/operator.tsx";
import { type Asked, type Differing, postCorrection, previewPage, useCorrections } from "./queries.ts";
import { RebillTerms } from "./terms.tsx";

type Look = {
  readonly asked: Asked;
  readonly found: readonly Differing[];
  readonly looked: number;
  readonly total: number;
  readonly state: "looking" | "looked" | "posting" | "posted";
};

/** Whole minor units: two decimal places at most, so that sums are exact. */
const minor = ({ amount }: MoneyJson): number => Math.round(Number(amount) * 100);
const sumOf = (all: readonly Differing[], of: (minor: number) => boolean = () => true): string =>
  (
    all
      .map(({ difference }) => minor(difference))
      .filter(of)
      .reduce((sum, one) => sum + one, 0) / 100
  ).toFixed(2);

/** Issued bills of many accounts by what is known now: looked at page by page, posted account by account. */
function useRecheck() {
  const [look, setLook] = useState<Look | null>(null);
  const [notes, setNotes] = useState<ReadonlyMap<string, string>>(new Map());
  const [error, setError] = useState<unknown>(null);
  const stop = useRef<AbortController | null>(null);

  async function start(asked: Asked): Promise<void> {
    stop.current = new AbortController();
    setError(null);
    setNotes(new Map());
    let all: Look = { asked, found: [], looked: 0, total: 0, state: "looking" };
    setLook(all);
    try {
      for (let after: string | null = "0"; after !== null && !stop.current.signal.aborted; ) {
        const page = await previewPage(asked, after, stop.current.signal);
        all = { ...all, found: [...all.found, ...page.accounts], looked: all.looked + page.looked, total: page.total };
        setLook(all);
        after = page.after;
      }
    } catch (problem) {
      if (!stop.current.signal.aborted) setError(problem);
    }
    setLook({ ...all, state: "looked" });
  }

  /** One after the other; what is refused stays in the list with its reason. */
  async function post(reason: string): Promise<void> {
    if (look === null) return;
    stop.current = new AbortController();
    setLook({ ...look, state: "posting" });
    for (const { id, digest } of look.found) {
      if (stop.current.signal.aborted) break;
      if (digest === null) continue;
      const from = look.asked.from === "" ? {} : { from: look.asked.from };
      const said = await postCorrection(id, { digest, reason, ...from }).then(
        ({ number }) => number ?? "–",
        (problem: unknown) => (problem instanceof Error ? problem.message : String(problem)),
      );
      setNotes((before) => new Map([...before, [id, said]]));
    }
    setLook({ ...look, state: "posted" });
  }

  return { look, notes, error, start, post, stop: () => stop.current?.abort() };
}

const csvOf = (found: readonly Differing[]): string =>
  ["account,name,difference,lines,waits"]
    .concat(
      found.map(({ number, name, difference, lines, waits }) =>
        [number, name, difference.amount, String(lines), waits.map(({ bill }) => bill).join(" ")].map(cell).join(","),
      ),
    )
    .join("\r\n");

export default function Rebill() {
  const { t } = useSpeech();
  const filter = useUrlFilter();
  const asked = { building: filter.get("building"), touchedSince: filter.get("since"), from: filter.get("from") };
  const recheck = useRecheck();
  const { look } = recheck;
  const isBusy = look?.state === "looking" || look?.state === "posting";
  return (
    <>
      <PageTitle title={t("nav.rebill")} note={<span className="quiet">{t("rebill.note")}</span>} />
      <div className="stack">
        <Card size="small">
          <Space wrap>
            <Input
              aria-label={t("rebill.building")}
              placeholder={`${t("rebill.building")}: ${t("rebill.everyBuilding")}`}
              defaultValue={asked.building}
              onChange={(event) => filter.set({ building: event.target.value.trim() })}
            />
            <Input
              type="month"
              aria-label={t("rebill.from")}
              addonBefore={t("rebill.from")}
              defaultValue={asked.from}
              onChange={(event) => filter.set({ from: event.target.value })}
            />
            <Input
              type="date"
              aria-label={t("rebill.touchedSince")}
              addonBefore={t("rebill.touchedSince")}
              defaultValue={asked.touchedSince}
              onChange={(event) => filter.set({ since: event.target.value })}
            />
            <Button
              type="primary"
              data-testid="rebill-look"
              disabled={isBusy}
              onClick={() => void recheck.start(asked)}
            >
              {t("rebill.look")}
            </Button>
            {isBusy && <Button onClick={recheck.stop}>{t("rebill.stop")}</Button>}
          </Space>
        </Card>
        {recheck.error !== null && <ProblemNote error={recheck.error} />}
        {look !== null && <Found look={look} notes={recheck.notes} onPost={(reason) => void recheck.post(reason)} />}
        <Notes />
        <RebillTerms />
      </div>
    </>
  );
}

function Found({
  look,
  notes,
  onPost,
}: {
  look: Look;
  notes: ReadonlyMap<string, string>;
  onPost: (reason: string) => void;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const [reason, setReason] = useState("");
  const { found, looked, total, state } = look;
  const postable = found.filter(({ digest }) => digest !== null);
  const currency = found[0]?.difference.currency ?? "CNY";
  const share = state === "posting" ? notes.size / Math.max(postable.length, 1) : looked / Math.max(total, 1);
  const sums = [
    ["rebill.net", sumOf(postable)],
    ["rebill.more", sumOf(postable, (one) => one > 0)],
    ["rebill.less", sumOf(postable, (one) => one < 0)],
  ] as const;
  return (
    <Card size="small">
      <Progress percent={Math.round(share * 100)} size="small" showInfo={false} />
      <p className="quiet">{t("rebill.looked", { looked: format.count(looked), total: format.count(total) })}</p>
      {state !== "looking" && found.length === 0 ? (
        <Alert type="success" title={t("rebill.none")} />
      ) : (
        <>
          <Space wrap size="large" style={{ marginBottom: 12 }}>
            <Statistic title={t("rebill.accounts")} value={postable.length} />
            {sums.map(([name, amount]) => (
              <Statistic key={name} title={t(name)} value={format.money({ amount, currency })} />
            ))}
          </Space>
          <ListTable
            dataSource={[...found]}
            pagination={{ hideOnSinglePage: true, pageSize: 50, size: "small" }}
            empty={t("rebill.none")}
            columns={[
              {
                title: t("rebill.account"),
                render: (_, one) => (
                  <Link to={`/accounts/${one.id}/replay`}>
                    {one.number} {one.name}
                  </Link>
                ),
              },
              { title: t("rebill.total"), align: "right", render: (_, one) => <Amount money={one.difference} /> },
              { title: t("rebill.lines"), align: "right", render: (_, one) => one.lines },
              {
                title: "",
                render: (_, one) => (
                  <>
                    {one.waits.length > 0 && (
                      <Tag color="gold" title={one.waits.flatMap(({ why }) => why).join("; ")}>
                        {t("rebill.waits")}
                      </Tag>
                    )}
                    {notes.has(one.id) && <Tag color="blue">{notes.get(one.id)}</Tag>}
                  </>
                ),
              },
            ]}
          />
          <Space wrap style={{ marginTop: 12 }}>
            <Input
              aria-label={t("rebill.reason")}
              placeholder={t("rebill.reason")}
              value={reason}
              maxLength={500}
              style={{ width: "min(320px, 62vw)" }}
              onChange={(event) => setReason(event.target.value)}
            />
            <Button
              type="primary"
              data-testid="rebill-post-all"
              disabled={reason.trim() === "" || state !== "looked" || postable.length === 0}
              loading={state === "posting"}
              onClick={() => onPost(reason.trim())}
            >
              {t("rebill.postAll", { n: format.count(postable.length) })}
            </Button>
            <Button
              href={`data:text/csv;charset=utf-8,${encodeURIComponent(`\uFEFF${csvOf(found)}`)}`}
              download="recheck.csv"
            >
              {t("rebill.csv")}
            </Button>
          </Space>
        </>
      )}
    </Card>
  );
}

function Notes() {
  const { t } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const { page, pageSize } = filter;
  const notes = useCorrections({ page, pageSize });
  return (
    <Card size="small" title={t("rebill.notes")}>
      <Loaded query={notes}>
        {(data) => (
          <ListTable
            dataSource={data.items}
            empty={t("rebill.noNotes")}
            pagination={{
              current: page,
              pageSize,
              total: data.total,
              hideOnSinglePage: true,
              onChange: (next) => filter.set({ page: next }),
            }}
            columns={[
              {
                title: t("rebill.number"),
                render: (_, one) => <Link to={`/corrections/${one.id}`}>{one.number}</Link>,
              },
              { title: t("rebill.issued"), render: (_, one) => format.day(one.issuedOn) },
              {
                title: t("rebill.account"),
                render: (_, one) => (
                  <Link to={`/accounts/${one.accountId}`}>
                    {one.accountNumber} {one.accountName}
                  </Link>
                ),
              },
              { title: t("rebill.total"), align: "right", render: (_, one) => <Amount money={one.total} /> },
              { title: t("rebill.reason"), render: (_, one) => one.reason },
              { title: t("rebill.by"), render: (_, one) => one.by ?? "–" },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

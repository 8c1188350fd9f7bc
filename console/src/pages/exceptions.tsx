import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Segmented, Space, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type {
  BillExceptionJson,
  BillExceptionsJson,
  HeldDecisionsJson,
  HoldReasonJson,
} from "../../../api/schemas/bill-hold.ts";
import { ask } from "../api/client.ts";
import { useMe } from "../api/queries.ts";
import { useSpeech } from "../i18n/language.tsx";
import { ListTable } from "../parts/list-table.tsx";
import { Loaded } from "../parts/loaded.tsx";
import { Amount } from "../parts/money.tsx";
import { PageTitle } from "../parts/page-title.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { useFormat } from "../shell/operator.tsx";

type State = "open" | "released";
const keyOf = (one: BillExceptionJson): string => `${one.runId}/${one.accountId}`;
const canDecide = ({ held }: BillExceptionJson): boolean => held?.state === "held" || held?.state === "work";

function Reason({ reason }: { reason: HoldReasonJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const money = (minor: string | null): string => format.number(String(Number(minor ?? "0") / 100), 2, 2);
  const isMoney = reason.kind === "total_above" || reason.kind === "negative";
  const say = (value: string | null): string => (isMoney ? money(value) : (value ?? ""));
  return (
    <div>
      {t(`hold.reason.${reason.kind}`, {
        value: say(reason.value),
        threshold: say(reason.threshold),
        text: reason.text ?? "",
      })}
    </div>
  );
}

function Why({ one }: { one: BillExceptionJson }) {
  const { t, term } = useSpeech();
  if (one.held === null || one.reason !== "held") {
    return (
      <>
        <Tag color="red">{term("runReason", one.reason)}</Tag>
        <span className="quiet">{one.detail}</span>
      </>
    );
  }
  return (
    <>
      {one.held.reasons.map((reason) => (
        <Reason key={reason.kind} reason={reason} />
      ))}
      {one.held.note === "" ? null : <div className="quiet">{t("hold.note", { note: one.held.note })}</div>}
    </>
  );
}

/** What the bill would ask for, beside the one before; after its release what it asked for. */
function Figures({ one }: { one: BillExceptionJson }) {
  const { t } = useSpeech();
  if (one.held === null) return null;
  const { total, last, issued } = one.held;
  return (
    <>
      <b>
        <Amount money={total} />
      </b>
      <div className="quiet">
        {last === null ? (
          t("hold.noLast")
        ) : (
          <>
            {t("hold.last")} <Amount money={last} />
          </>
        )}
      </div>
      {issued === null ? null : (
        <div>
          <Link to={`/bills/${issued.billId}`}>{issued.number}</Link>{" "}
          {issued.total.amount === total.amount ? null : (
            <Tag color="gold">
              {t("hold.differs")} <Amount money={issued.total} />
            </Tag>
          )}
        </div>
      )}
    </>
  );
}

/** Bills that wait before they are issued, and accounts that no bill can be made for. */
export default function Exceptions() {
  const { t } = useSpeech();
  const [state, setState] = useState<State>("open");
  const query = useQuery({
    queryKey: ["billExceptions", state],
    queryFn: () => ask<BillExceptionsJson>("/bill-exceptions", { query: { state } }),
    placeholderData: keepPreviousData,
    refetchInterval: 10_000,
  });
  return (
    <>
      <PageTitle title={t("nav.exceptions")} />
      <Segmented<State>
        value={state}
        onChange={setState}
        options={[
          { value: "open", label: t("hold.open") },
          { value: "released", label: t("hold.released") },
        ]}
        style={{ marginBottom: 12 }}
      />
      <Loaded query={query}>{(data) => <Queue key={state} data={data} />}</Loaded>
    </>
  );
}

function Queue({ data }: { data: BillExceptionsJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const me = useMe();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const isReader = me.data?.role === "reader";
  const items = data.items.filter((one) => canDecide(one) && chosen.includes(keyOf(one)));
  const decide = useMutation({
    mutationFn: (decision: "released" | "work") =>
      ask<HeldDecisionsJson>("/bill-exceptions/decisions", {
        method: "POST",
        body: { decision, items: items.map(({ runId, accountId }) => ({ runId, accountId })) },
      }),
    onSuccess: async ({ outcomes }) => {
      setChosen([]);
      void message.success(t("hold.done", { n: outcomes.filter(({ outcome }) => outcome === "decided").length }));
      await Promise.all(
        ["billExceptions", "runs", "bills"].map((name) => client.invalidateQueries({ queryKey: [name] })),
      );
    },
  });
  return (
    <Card size="small" title={t("hold.title")}>
      {isReader ? null : (
        <Space wrap style={{ marginBottom: 8 }}>
          <Button
            type="primary"
            disabled={items.length === 0}
            loading={decide.isPending}
            onClick={() => decide.mutate("released")}
            data-testid="release-bills"
          >
            {t("hold.release", { n: items.length })}
          </Button>
          <Button disabled={items.length === 0 || decide.isPending} onClick={() => decide.mutate("work")}>
            {t("hold.work", { n: items.length })}
          </Button>
        </Space>
      )}
      {decide.error === null ? null : <ProblemNote error={decide.error} />}
      <ListTable<BillExceptionJson>
        rowKey={keyOf}
        dataSource={data.items}
        empty={t("hold.none")}
        pagination={{ hideOnSinglePage: true, pageSize: 50, size: "small" }}
        {...(isReader
          ? {}
          : {
              rowSelection: {
                selectedRowKeys: [...chosen],
                onChange: (keys) => setChosen(keys.map(String)),
                getCheckboxProps: (one: BillExceptionJson) => ({ disabled: !canDecide(one) }),
              },
            })}
        columns={[
          {
            title: t("account.name"),
            render: (_, one) => (
              <Link to={`/accounts/${one.accountId}`}>{`${one.accountName} · ${one.accountNumber}`}</Link>
            ),
          },
          { title: t("hold.period"), render: (_, one) => format.month(one.periodFrom) },
          {
            title: t("runs.state"),
            render: (_, one) =>
              one.held === null ? null : (
                <Tag color={one.held.state === "released" ? "green" : "gold"}>{term("held", one.held.state)}</Tag>
              ),
          },
          { title: t("hold.figures"), align: "right", render: (_, one) => <Figures one={one} /> },
          { title: t("runs.reason"), render: (_, one) => <Why one={one} /> },
          { title: t("runs.at"), render: (_, one) => format.instant(one.at) },
        ]}
      />
      {data.more === 0 ? null : <p className="quiet">{t("hold.more", { n: format.count(data.more) })}</p>}
    </Card>
  );
}

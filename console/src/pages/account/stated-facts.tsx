import { Button, Card, Popconfirm, Tag } from "antd";
import { Link } from "react-router-dom";
import type { AccountFactJson, AccountFactsJson } from "../../../../api/schemas/account-fact.ts";
import { useAccountFacts, useStateFact } from "../../api/account-facts.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { StateFact } from "./state-fact.tsx";

type Stated = AccountFactsJson["items"][number];

/** `5`, `80.5 kW`, `yes`. */
export function useFactText() {
  const { t } = useSpeech();
  const format = useFormat();
  return (fact: AccountFactJson): string => {
    switch (fact.kind) {
      case "household":
        return t("account.persons", { n: fact.persons });
      case "contracted_kw":
        return `${format.number(fact.kw, 6)} kW`;
      case "contracted_kva":
        return `${format.number(fact.kva, 6)} kVA`;
      case "low_income":
        return t(fact.lowIncome ? "facts.yes" : "facts.no");
    }
  };
}

/** What counts of each kind: today's, and what is said for days to come. */
function Counting({ items, today }: { items: readonly Stated[]; today: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const textOf = useFactText();
  const counts = items.filter(({ state }) => state === "counts");
  const rows = [...new Set(counts.map(({ kind }) => kind))].flatMap((kind) => {
    const own = counts.filter((one) => one.kind === kind);
    const now = own.find(({ fromDay }) => fromDay <= today);
    return own.filter((one) => one === now || one.fromDay > today);
  });
  return (
    <ul className="notice-list" data-testid="facts">
      {rows.map(({ kind, fromDay, fact }) => (
        <li key={`${kind} ${fromDay}`}>
          <span className="quiet">{t(`facts.kind.${kind}`)}</span>
          <b>{fact === null ? "" : textOf(fact)}</b>
          <span className="quiet">
            {t("facts.since", { day: format.day(fromDay) })}
            {fromDay > today ? ` · ${t("facts.later")}` : ""}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Row({
  accountId,
  stated,
  before,
  mayEdit,
}: {
  accountId: string;
  stated: Stated;
  before: Stated | undefined;
  mayEdit: boolean;
}) {
  const { t } = useSpeech();
  const format = useFormat();
  const textOf = useFactText();
  const { kind, fromDay, fact, state, statedAt, by } = stated;
  const deed = useStateFact(accountId);
  const taken = before?.fact === null || before?.fact === undefined ? "" : textOf(before.fact);
  return (
    <li>
      <span className="quiet">{t("facts.since", { day: format.day(fromDay) })}</span>
      <span>{t(`facts.kind.${kind}`)}</span>
      <b className={state === "counts" ? undefined : "quiet"}>
        {fact === null ? t("facts.taken", { value: taken }) : textOf(fact)}
      </b>
      <span className="quiet">
        {statedAt === null
          ? t("facts.file")
          : t("facts.said", { by: by ?? t("facts.file"), at: format.instant(statedAt) })}
      </span>
      <span>
        {fact === null ? null : <Tag color={state === "counts" ? "green" : "default"}>{t(`facts.${state}`)}</Tag>}
        {state === "counts" && mayEdit ? (
          <Popconfirm
            title={t("facts.takeBack.ask")}
            okText={t("facts.takeBack")}
            onConfirm={() => deed.mutate({ kind, fromDay, withdrawn: true })}
          >
            <Button size="small" type="text" loading={deed.isPending}>
              {t("facts.takeBack")}
            </Button>
          </Popconfirm>
        ) : null}
        {deed.error === null ? null : <ProblemNote error={deed.error} />}
      </span>
    </li>
  );
}

/** Household, contracted capacity and low income of an account: what counts, all that was ever said, and a form for the next word. */
export function StatedFacts({ accountId, mayEdit }: { accountId: string; mayEdit: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const facts = useAccountFacts(accountId);
  const today = format.isoDay(new Date());
  return (
    <Card
      size="small"
      title={t("facts.card")}
      extra={mayEdit ? <StateFact accountId={accountId} billedUntil={facts.data?.billedUntil ?? null} /> : null}
    >
      <Loaded query={facts} rows={2} isEmpty={({ items }) => items.length === 0} empty={t("facts.none")}>
        {({ items, billedUntil }) => (
          <>
            <Counting items={items} today={today} />
            <details>
              <summary>{t("facts.history", { n: items.length })}</summary>
              <p className="quiet">
                {t("facts.lead")}{" "}
                {billedUntil === null ? null : (
                  <>
                    {t("facts.billed", { day: format.day(billedUntil) })}{" "}
                    {mayEdit ? <Link to={`/accounts/${accountId}/replay`}>{t("facts.recheck")}</Link> : null}
                  </>
                )}
              </p>
              <ul className="notice-list" data-testid="facts-history">
                {items.map((stated, i) => (
                  <Row
                    key={`${stated.kind} ${stated.fromDay} ${stated.statedAt ?? ""}`}
                    {...{ accountId, stated, mayEdit }}
                    before={items[i + 1]}
                  />
                ))}
              </ul>
            </details>
          </>
        )}
      </Loaded>
    </Card>
  );
}

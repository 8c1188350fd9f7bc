import { Alert, Button, Card, Form, Input, Select } from "antd";
import { useState } from "react";
import type { TariffChoicesJson, WhatIfBody } from "../../../../api/schemas/what-if.ts";
import { useAccounts } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { localInZone } from "../../parts/zone-time.ts";
import { useFormat } from "../../shell/operator.tsx";
import { useChosenAccount } from "./queries.ts";

const DRAFT = "draft";
const MONTHS_BACK = 36;

/** `YYYY-MM` of the months that are over, the newest first. */
export function pastMonths(now: number, zone: string): string[] {
  const [year = 0, month = 0] = localInZone(now, zone).slice(0, 7).split("-").map(Number);
  return Array.from({ length: MONTHS_BACK }, (_, i) => {
    const at = year * 12 + month - 2 - i;
    return `${String(Math.floor(at / 12)).padStart(4, "0")}-${String((at % 12) + 1).padStart(2, "0")}`;
  });
}

function documentOf(text: string): { document: unknown } | { message: string } {
  try {
    return { document: JSON.parse(text) as unknown };
  } catch (error) {
    return { message: error instanceof Error ? error.message : String(error) };
  }
}

/** Any account, by a search for its number or name. */
export function AccountChoice({ value, choose }: { value: string; choose: (id: string) => void }) {
  const { t } = useSpeech();
  const [search, setSearch] = useState("");
  const found = useAccounts({ search, page: 1, pageSize: 12 }, search !== "");
  const chosen = useChosenAccount(value);
  const rows = found.data?.items ?? [];
  const options = rows.map((row) => ({ value: row.id, label: `${row.number} ${row.name}` }));
  const own = chosen.data;
  if (own !== undefined && own.id === value && !rows.some(({ id }) => id === value)) {
    options.unshift({ value, label: `${own.number} ${own.name}` });
  }
  return (
    <Select
      className="what-if-wide"
      aria-label={t("whatIf.account")}
      placeholder={t("whatIf.account")}
      showSearch={{ filterOption: false, onSearch: setSearch }}
      allowClear
      value={value === "" ? null : value}
      onChange={(id: string | null) => choose(id ?? "")}
      options={options}
    />
  );
}

/** What is asked: months, whose bills, which tariff. `ask` gets it once it is whole. */
export function Question({
  choices,
  months,
  accountId,
  setAccountId,
  document,
  busy,
  ask,
}: {
  choices: TariffChoicesJson;
  months: readonly string[];
  accountId: string;
  setAccountId: (id: string) => void;
  /** A draft that is to be tried; `null` = none. */
  document: Readonly<Record<string, unknown>> | null;
  busy: boolean;
  ask: (body: WhatIfBody) => void;
}) {
  const { t, language } = useSpeech();
  const format = useFormat();
  const [from, setFrom] = useState(months[0] ?? "");
  const [to, setTo] = useState(months[0] ?? "");
  const [building, setBuilding] = useState("");
  const [tariff, setTariff] = useState(document === null ? "" : DRAFT);
  const [insteadOf, setInsteadOf] = useState<string[]>([]);
  const [draft, setDraft] = useState(document === null ? "" : JSON.stringify(document, null, 2));
  const [broken, setBroken] = useState("");
  const monthOptions = months.map((month) => ({ value: month, label: format.month(`${month}-15T12:00:00Z`) }));
  const used = choices.items.filter(({ agreements }) => agreements > 0);
  const titleOf = (item: TariffChoicesJson["items"][number]) => item.title[language];
  const send = (): void => {
    const read = tariff === DRAFT ? documentOf(draft) : null;
    if (read !== null && "message" in read) {
      setBroken(read.message);
      return;
    }
    setBroken("");
    const limit = insteadOf.length === 0 ? {} : { insteadOf };
    ask({
      from: from <= to ? from : to,
      to: from <= to ? to : from,
      tariffs: [read === null ? { tariff, ...limit } : { document: read.document, ...limit }],
      ...(building === "" ? {} : { building }),
      ...(accountId === "" ? {} : { accountId }),
    });
  };
  return (
    <Card size="small">
      <Form layout="vertical" onFinish={send} className="what-if-form">
        <Form.Item label={t("whatIf.from")}>
          <Select aria-label={t("whatIf.from")} value={from} onChange={setFrom} options={monthOptions} />
        </Form.Item>
        <Form.Item label={t("whatIf.to")}>
          <Select aria-label={t("whatIf.to")} value={to} onChange={setTo} options={monthOptions} />
        </Form.Item>
        <Form.Item label={t("whatIf.scope")}>
          <Select
            aria-label={t("whatIf.scope")}
            value={building}
            onChange={setBuilding}
            disabled={accountId !== ""}
            options={[
              { value: "", label: t("whatIf.everybody") },
              ...choices.buildings
                .filter(Boolean)
                .map((value) => ({ value, label: /^\d+$/.test(value) ? t("place.building", { n: value }) : value })),
            ]}
          />
        </Form.Item>
        <Form.Item label=" " colon={false}>
          <AccountChoice value={accountId} choose={setAccountId} />
        </Form.Item>
        <Form.Item label={t("whatIf.tariff")} className="what-if-long">
          <Select
            data-testid="what-if-tariff"
            aria-label={t("whatIf.tariff")}
            placeholder={t("whatIf.tariff")}
            showSearch={{ optionFilterProp: "search" }}
            value={tariff === "" ? null : tariff}
            onChange={setTariff}
            options={[
              { value: DRAFT, label: t("whatIf.draft"), search: t("whatIf.draft") },
              ...choices.items.flatMap((item) => [
                {
                  value: item.id,
                  search: `${item.id} ${item.title.zh} ${item.title.en}`,
                  label:
                    item.agreements === 0
                      ? titleOf(item)
                      : `${titleOf(item)} · ${t("whatIf.inUse", { n: item.agreements })}`,
                },
                ...item.versions.map(({ version }) => ({
                  value: `${item.id}@${version}`,
                  search: `${item.id} ${item.title.zh} ${item.title.en} ${version}`,
                  label: t("whatIf.version", { title: titleOf(item), version }),
                })),
              ]),
            ]}
          />
        </Form.Item>
        <Form.Item label={t("whatIf.insteadOf")} className="what-if-long">
          <Select
            mode="multiple"
            aria-label={t("whatIf.insteadOf")}
            placeholder={t("whatIf.insteadOf.all")}
            value={insteadOf}
            onChange={setInsteadOf}
            options={used.map((item) => ({ value: item.id, label: titleOf(item) }))}
          />
        </Form.Item>
        {tariff === DRAFT ? (
          <Form.Item label={t("whatIf.draft")} extra={t("whatIf.draft.hint")} className="what-if-full">
            <Input.TextArea
              rows={8}
              className="what-if-draft"
              spellCheck={false}
              value={draft}
              onChange={(event) => setDraft(event.target.value)}
            />
            {broken === "" ? null : (
              <Alert type="error" showIcon title={t("whatIf.draft.broken", { message: broken })} />
            )}
          </Form.Item>
        ) : null}
        <Form.Item label=" " colon={false}>
          <Button
            type="primary"
            htmlType="submit"
            loading={busy}
            disabled={tariff === "" || from === "" || (tariff === DRAFT && draft.trim() === "")}
            data-testid="what-if-start"
          >
            {t("whatIf.start")}
          </Button>
        </Form.Item>
      </Form>
    </Card>
  );
}

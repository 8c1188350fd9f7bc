import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal, Select, Tag, Typography } from "antd";
import { useState } from "react";
import type { TokenBody, TokenIssuedJson, TokenJson, TokensJson } from "../../../../api/schemas/token.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** A number for a keypad meter whose line is down. Shown only where the account has such a meter. */
export function OfflineTokens({ accountId }: { accountId: string }) {
  const { t } = useSpeech();
  const [open, setOpen] = useState(false);
  const tokens = useQuery({
    queryKey: ["tokens", accountId],
    queryFn: ({ signal }) => ask<TokensJson>(`/accounts/${accountId}/tokens`, { signal }),
  });
  if (tokens.data === undefined || (tokens.data.meters.length === 0 && tokens.data.items.length === 0)) return null;
  return (
    <>
      <Button data-testid="offline-token" onClick={() => setOpen(true)}>
        {t("token.open")}
      </Button>
      <Modal open={open} title={t("token.title")} footer={null} onCancel={() => setOpen(false)} destroyOnHidden>
        <p>{t("token.what")}</p>
        {tokens.data.meters.length === 0 ? null : <Issue accountId={accountId} meters={tokens.data.meters} />}
        <Before items={tokens.data.items} />
      </Modal>
    </>
  );
}

type Wanted = { meterId: string; amount: string; quantity?: string };

function Issue({ accountId, meters }: { accountId: string; meters: TokensJson["meters"] }) {
  const { t, term } = useSpeech();
  const { currency } = useUser().operator;
  const client = useQueryClient();
  // One key for one number that is meant: a double click, or a retry after a lost answer, makes one.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [form] = Form.useForm<Wanted>();
  const meterId = Form.useWatch("meterId", form) ?? meters[0]?.id;
  const meter = meters.find((one) => one.id === meterId);
  const unit = meter?.priceFrom?.quantity.unit ?? (meter?.utility === "electricity" ? "kWh" : "m3");
  const issue = useMutation({
    mutationFn: ({ meterId: id, amount, quantity }: Wanted) => {
      const stated = quantity === undefined || quantity === "" ? {} : { quantity: { value: quantity, unit } as const };
      const body: TokenBody = { meterId: id, amount: { amount, currency }, ...stated };
      return ask<TokenIssuedJson>(`/accounts/${accountId}/tokens`, { method: "POST", body, key });
    },
    onSuccess: () =>
      Promise.all(
        ["account", "tokens", "timeline"].map((name) => client.invalidateQueries({ queryKey: [name, accountId] })),
      ),
  });
  if (issue.data !== undefined) {
    const again = () => {
      setKey(crypto.randomUUID());
      issue.reset();
    };
    return (
      <>
        <ReadAloud token={issue.data.token} />
        <Button onClick={again}>{t("token.again")}</Button>
      </>
    );
  }
  return (
    <Form<Wanted>
      form={form}
      layout="vertical"
      initialValues={{ meterId: meters[0]?.id }}
      onFinish={(wanted) => issue.mutate(wanted)}
    >
      <Form.Item name="meterId" label={t("token.meter")}>
        <Select
          options={meters.map(({ id, serial, scheme }) => ({
            value: id,
            label: `${serial} · ${term("scheme", scheme)}`,
          }))}
        />
      </Form.Item>
      <p className="quiet">
        {t("token.lastHeard")} <Ago at={meter?.lastReadingAt ?? null} />
      </p>
      <Form.Item
        name="amount"
        label={`${t("token.amount")} (${currency})`}
        rules={[{ required: true, pattern: /^\d{1,7}(\.\d{1,2})?$/, message: t("token.amount.wrong") }]}
      >
        <Input autoFocus inputMode="decimal" data-testid="token-amount" />
      </Form.Item>
      <Form.Item
        name="quantity"
        label={`${t("token.quantity")} (${unit})`}
        rules={[
          {
            required: meter?.priceFrom === null,
            pattern: /^\d{1,7}(\.\d{1,3})?$/,
            message: t("token.quantity.wrong"),
          },
        ]}
      >
        <Input
          inputMode="decimal"
          data-testid="token-quantity"
          {...(meter?.priceFrom === null ? {} : { placeholder: t("token.quantity.byPrice") })}
        />
      </Form.Item>
      {issue.error === null ? null : <ProblemNote error={issue.error} />}
      <Button type="primary" htmlType="submit" loading={issue.isPending} data-testid="token-go">
        {t("token.go")}
      </Button>
    </Form>
  );
}

function ReadAloud({ token }: { token: TokenJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  return (
    <div className="stack">
      {token.testMode ? (
        <Alert type="warning" showIcon title={t("token.testMode")} description={t("token.testMode.why")} />
      ) : null}
      <p>{t("token.read")}</p>
      <Typography.Title level={3} copyable={{ text: token.digits, tooltips: [t("token.copy"), t("token.copy")] }}>
        <span data-testid="token-digits">{token.grouped}</span>
      </Typography.Title>
      <p className="quiet">
        {format.quantity(token.quantity)} · {format.money(token.amount)}
      </p>
    </div>
  );
}

function Before({ items }: { items: TokensJson["items"] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <>
      <Typography.Title level={5}>{t("token.before")}</Typography.Title>
      {items.length === 0 ? <p className="quiet">{t("token.none")}</p> : null}
      {items.map((token) => (
        <p key={token.id}>
          <code>{token.grouped}</code>
          <br />
          {format.money(token.amount)} <Tag>{term("scheme", token.scheme)}</Tag>
          <span className="quiet">
            <Ago at={token.issuedAt} /> · {t(token.returnedAt === null ? "token.holds" : "token.returned")}
          </span>
        </p>
      ))}
    </>
  );
}

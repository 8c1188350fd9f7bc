import { useQuery } from "@tanstack/react-query";
import { Card, Form, Input, Space } from "antd";
import type { TaxIdentitiesJson } from "../../../../api/schemas/tax-identity.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { DAY, Say } from "../../parts/say.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import "./tax.css";

type Identity = NonNullable<TaxIdentitiesJson["current"]>;
type Word = TaxIdentitiesJson["items"][number];

const FIELDS = ["taxId", "country", "address", "city", "postCode", "phone", "bankName", "bankAccount"] as const;

/** `/tax-identity` of the operator, `/accounts/7/tax-identity` of an account. */
export const useTaxIdentity = (path: string) =>
  useQuery({ queryKey: ["taxIdentity", path], queryFn: ({ signal }) => ask<TaxIdentitiesJson>(path, { signal }) });

/** Who somebody is to the tax office: what holds today, what is said for later, and all that was said. */
export function TaxCard({ path, mayChange, lead }: { path: string; mayChange: boolean; lead?: string }) {
  const { t } = useSpeech();
  const known = useTaxIdentity(path);
  return (
    <Card
      size="small"
      title={t("tax.card")}
      data-testid="tax-card"
      extra={mayChange && known.data !== undefined ? <Deeds path={path} known={known.data} /> : null}
    >
      {lead === undefined ? null : <p className="lead">{lead}</p>}
      <Loaded query={known} rows={2}>
        {({ current, items }) => (
          <>
            {current === null ? <p className="quiet">{t("tax.none")}</p> : <Shown identity={current} />}
            {items.length === 0 ? null : <Words items={items} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Shown({ identity }: { identity: Identity }) {
  const { t } = useSpeech();
  return (
    <dl className="tax-identity" data-testid="tax-identity">
      <dt>{t("tax.name")}</dt>
      <dd>
        <b>{identity.name}</b>
      </dd>
      {FIELDS.map((field) =>
        identity[field] === "" ? null : (
          <div key={field}>
            <dt>{t(`tax.${field}`)}</dt>
            <dd>{identity[field]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}

function Words({ items }: { items: readonly Word[] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const now = useNow();
  const today = now === null ? "" : format.isoDay(new Date(now));
  return (
    <details>
      <summary>{t("tax.words", { n: items.length })}</summary>
      <ul className="notice-list">
        {items.map(({ fromDay, identity, notedAt, notedBy, isLast }, i) => (
          <li key={i} className={isLast ? "" : "quiet"}>
            <span>
              {t("tax.since", { day: format.day(fromDay) })}
              {today !== "" && fromDay > today ? ` · ${t("tax.later")}` : ""}
            </span>
            <span>{identity === null ? t("tax.noneFrom") : `${identity.name} ${identity.taxId}`}</span>
            <span className="quiet">
              {notedBy ?? ""} {format.instant(notedAt)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

type Fields = { fromDay: string } & Partial<Identity>;

function Deeds({ path, known: { current } }: { path: string; known: TaxIdentitiesJson }) {
  const { t } = useSpeech();
  const post = (fromDay: string, identity: Partial<Identity> | null) =>
    ask(path, { method: "POST", body: { fromDay, identity } });
  const day = (
    <Form.Item
      name="fromDay"
      label={t("tax.from")}
      rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
    >
      <Input type="date" style={{ maxWidth: 220 }} data-testid="tax-from" />
    </Form.Item>
  );
  return (
    <Space wrap>
      <Say<Fields>
        open={t(current === null ? "tax.say" : "tax.change")}
        title={t("tax.card")}
        note={t("tax.note")}
        initial={current ?? { country: "CN" }}
        send={({ fromDay, ...identity }) => post(fromDay, identity)}
        stale={["taxIdentity"]}
        testId="tax-say"
      >
        {day}
        <Form.Item
          name="name"
          label={t("tax.name")}
          rules={[{ required: true, whitespace: true, message: t("closing.required") }]}
        >
          <Input maxLength={200} data-testid="tax-name" />
        </Form.Item>
        <Form.Item name="taxId" label={t("tax.taxId")} extra={t("tax.taxId.hint")}>
          <Input maxLength={30} data-testid="tax-id" />
        </Form.Item>
        <Form.Item
          name="country"
          label={t("tax.country")}
          rules={[{ required: true, pattern: /^[A-Za-z]{2}$/, message: t("tax.country.form") }]}
        >
          <Input maxLength={2} style={{ maxWidth: 100 }} />
        </Form.Item>
        {FIELDS.slice(2).map((field) => (
          <Form.Item key={field} name={field} label={t(`tax.${field}`)}>
            <Input maxLength={field === "address" ? 200 : 100} />
          </Form.Item>
        ))}
      </Say>
      {current === null ? null : (
        <Say<{ fromDay: string }>
          open={t("tax.withdraw")}
          title={t("tax.withdraw")}
          note={t("tax.note")}
          initial={{}}
          send={({ fromDay }) => post(fromDay, null)}
          stale={["taxIdentity"]}
          testId="tax-withdraw"
        >
          {day}
        </Say>
      )}
    </Space>
  );
}

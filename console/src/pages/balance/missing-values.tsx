import { useMutation } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Space, Tag } from "antd";
import { Link } from "react-router-dom";
import type { BalanceJson } from "../../../../api/schemas/balance.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

type Account = BalanceJson["missingAccounts"][number];

/** A clerk types the floor area of one home; it holds from the balance's first day on. */
function FloorArea({ account, fromDay }: { account: Account; fromDay: string }) {
  const { t } = useSpeech();
  const save = useMutation({
    mutationFn: (body: { areaM2: string }) =>
      ask(`/accounts/${account.id}/floor-area`, { method: "PUT", body: { ...body, fromDay } }),
  });
  if (save.isSuccess) return <Tag color="green">{t("balance.area.saved")}</Tag>;
  return (
    <Form<{ areaM2: string }> layout="inline" size="small" onFinish={(body) => save.mutate(body)}>
      <Form.Item
        name="areaM2"
        rules={[{ required: true, pattern: /^(?=.*[1-9])\d{1,6}(\.\d{1,2})?$/, message: t("balance.area.missing") }]}
      >
        <Input
          suffix="m²"
          inputMode="decimal"
          style={{ width: 110 }}
          aria-label={`${account.number} ${t("apportionKey.area")}`}
        />
      </Form.Item>
      <Button htmlType="submit" size="small" loading={save.isPending}>
        {t("balance.area.save")}
      </Button>
      {save.error === null ? null : <ProblemNote error={save.error} />}
    </Form>
  );
}

/** Accounts without a value for the key: named, and where it is a floor area, asked for. */
export function MissingValues({ balance }: { balance: BalanceJson }) {
  const { t, term } = useSpeech();
  const user = useUser();
  if (balance.missingAccounts.length === 0) return null;
  const key = balance.rule?.key;
  const asksArea = key === "area" && user.role !== "reader";
  return (
    <Alert
      type="warning"
      showIcon
      title={t("balance.missing", { key: key === undefined ? "" : term("apportionKey", key) })}
      description={
        <>
          <div className={asksArea ? "balance-missing" : ""}>
            {balance.missingAccounts.map((account) => (
              <Space key={account.id} wrap className="balance-missing-one">
                <Link to={`/accounts/${account.id}`}>{`${account.number} ${account.name}`}</Link>
                {asksArea ? <FloorArea account={account} fromDay={balance.periodFrom} /> : null}
              </Space>
            ))}
          </div>
          {asksArea ? <p className="quiet">{t("balance.area.hint")}</p> : null}
        </>
      }
    />
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Form, Input, InputNumber, Space } from "antd";
import type { RebillTermsOnJson } from "../../../../api/schemas/correction.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { sayRebillTerms, useRebillTerms } from "./queries.ts";

/** How far back bills are corrected, and above which money a second person posts. A manager says it from a day on. */
export function RebillTerms() {
  const { t } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const terms = useRebillTerms();
  return (
    <Card size="small" title={t("rebill.terms")}>
      <Loaded query={terms} rows={2}>
        {(held) => (
          <>
            <p data-testid="rebill-terms">
              {t("rebill.terms.held", { months: format.count(held.monthsBack), day: format.day(held.since) })}{" "}
              {held.secondPersonAbove === null
                ? t("rebill.terms.one")
                : t("rebill.terms.two", { amount: format.money(held.secondPersonAbove) })}
            </p>
            {role === "manager" && <TermsForm held={held} />}
          </>
        )}
      </Loaded>
    </Card>
  );
}

type Fields = { fromDay: string; monthsBack: number; above?: string };

function TermsForm({ held }: { held: RebillTermsOnJson }) {
  const { t } = useSpeech();
  const { operator } = useUser();
  const client = useQueryClient();
  const say = useMutation({
    mutationFn: ({ fromDay, monthsBack, above = "" }: Fields) => {
      const amount = above.trim();
      const secondPersonAbove = amount === "" ? null : { amount, currency: operator.currency };
      return sayRebillTerms({ fromDay, monthsBack, secondPersonAbove });
    },
    onSuccess: () => void client.invalidateQueries({ queryKey: ["rebill-terms"] }),
  });
  return (
    <Form<Fields>
      layout="vertical"
      initialValues={{ monthsBack: held.monthsBack, above: held.secondPersonAbove?.amount ?? "" }}
      onFinish={say.mutate}
    >
      <Space wrap align="end">
        <Form.Item name="fromDay" label={t("rebill.terms.from")} rules={[{ required: true }]}>
          <Input type="date" />
        </Form.Item>
        <Form.Item name="monthsBack" label={t("rebill.terms.months")} rules={[{ required: true }]}>
          <InputNumber min={1} max={240} precision={0} />
        </Form.Item>
        <Form.Item
          name="above"
          label={t("rebill.terms.above", { currency: operator.currency })}
          rules={[{ pattern: /^\s*(\d{1,12}(\.\d{1,3})?)?\s*$/, message: t("rebill.terms.amount") }]}
        >
          <Input inputMode="decimal" placeholder={t("rebill.terms.never")} />
        </Form.Item>
        <Form.Item>
          <Button htmlType="submit" loading={say.isPending} data-testid="rebill-terms-say">
            {t("rebill.terms.say")}
          </Button>
        </Form.Item>
      </Space>
      {say.error !== null && <ProblemNote error={say.error} />}
      {say.isSuccess && <Alert type="success" title={t("rebill.terms.said")} />}
    </Form>
  );
}

import { Card, Form, Input, Radio } from "antd";
import type { SetOffTermsJson } from "../../../../api/schemas/set-off.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Say } from "../../parts/say.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { useSetOffTerms } from "./queries.ts";

type Word = SetOffTermsJson["items"][number];
const RULES = ["off", "on_consent", "agreed"] as const;

/** Whether a final bill lets credit of one class pay another's debt, and everything that was said of it. */
export function SetOff({ mayChange }: { mayChange: boolean }) {
  const { t } = useSpeech();
  const format = useFormat();
  const terms = useSetOffTerms();
  return (
    <Loaded query={terms}>
      {({ rule, items }) => (
        <Card size="small" title={t("settings.tab.setOff")} extra={mayChange ? <NewRule rule={rule} /> : null}>
          <p className="lead">{t("setOff.lead")}</p>
          <p>
            {t("setOff.rule")}: <b data-testid="set-off-rule">{t(`setOff.rule.${rule}`)}</b>
          </p>
          <ListTable<Word>
            rowKey={(one) => `${one.notedAt}/${one.rule}/${one.source}`}
            dataSource={items}
            empty={t("setOff.none")}
            pagination={false}
            columns={[
              { title: t("setOff.at"), render: (_, one) => format.instant(one.notedAt) },
              { title: t("setOff.rule"), render: (_, one) => t(`setOff.rule.${one.rule}`) },
              { title: t("setOff.source"), render: (_, one) => one.source },
              { title: t("setOff.by"), render: (_, one) => one.notedBy ?? "" },
            ]}
          />
        </Card>
      )}
    </Loaded>
  );
}

function NewRule({ rule }: { rule: Word["rule"] }) {
  const { t } = useSpeech();
  return (
    <Say<{ rule: Word["rule"]; source: string }>
      open={t("setOff.new")}
      title={t("setOff.new")}
      note={t("setOff.note")}
      initial={{ rule }}
      send={(body) => ask("/set-off-terms", { method: "POST", body })}
      stale={["setOffTerms"]}
      testId="new-set-off"
    >
      <Form.Item name="rule" label={t("setOff.rule")}>
        <Radio.Group
          className="stack"
          options={RULES.map((value) => ({ value, label: t(`setOff.rule.${value}`) }))}
          data-testid="set-off-choice"
        />
      </Form.Item>
      <Form.Item
        name="source"
        label={t("setOff.source")}
        rules={[{ required: true, whitespace: true, max: 300, message: t("closing.required") }]}
      >
        <Input data-testid="set-off-source" />
      </Form.Item>
    </Say>
  );
}

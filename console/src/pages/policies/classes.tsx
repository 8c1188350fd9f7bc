import { Button, Form, Input, Select, Tag } from "antd";
import type { AssignmentsJson, PoliciesJson } from "../../../../api/schemas/policy.ts";
import { type Assignment, useAssignments, usePolicyDeed } from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";

/** Which class of accounts is decided by which policy, from which day on. */
export function Classes({ policies }: { policies: PoliciesJson["items"] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const assignments = useAssignments();
  return (
    <section>
      <h3>{t("policy.classes")}</h3>
      <p className="quiet">{t("policy.classesWhat")}</p>
      <Loaded query={assignments} rows={2}>
        {(data) => (
          <>
            {role === "manager" ? <Assign policies={policies} classes={data.classes} /> : null}
            <ListTable
              dataSource={data.items}
              pagination={false}
              empty={t("policy.classesNone")}
              columns={[
                { title: t("policy.class"), key: "class", dataIndex: "class" },
                {
                  title: t("policy.name"),
                  key: "policy",
                  render: (_, one) => (one.policyId === null ? t("policy.accountsOwn") : <code>{one.policyId}</code>),
                },
                {
                  title: t("tariff.from"),
                  key: "from",
                  render: (_, one) => (
                    <>
                      {format.day(one.fromDay)} {one.inForce ? <Tag color="blue">{t("tariff.inForce")}</Tag> : null}
                    </>
                  ),
                },
                {
                  title: t("policy.supplies"),
                  key: "supplies",
                  align: "right",
                  render: (_, one) => data.classes.find((c) => c.class === one.class)?.supplies ?? 0,
                },
                {
                  title: t("policy.by"),
                  key: "by",
                  render: (_, one) => (
                    <span className="quiet">
                      {one.notedBy}, {format.instant(one.notedAt)}
                    </span>
                  ),
                },
              ]}
            />
          </>
        )}
      </Loaded>
    </section>
  );
}

function Assign({ policies, classes }: { policies: PoliciesJson["items"]; classes: AssignmentsJson["classes"] }) {
  const { t } = useSpeech();
  const [form] = Form.useForm<{ class: string; policyId: string; fromDay: string }>();
  const assign = usePolicyDeed<Assignment, unknown>("POST", "/policy-assignments");
  const ids = [...new Set(policies.flatMap((row) => (row.state === "published" ? [row.policyId] : [])))];
  return (
    <>
      {assign.error === null ? null : <ProblemNote error={assign.error} />}
      <Form
        form={form}
        layout="inline"
        className="filters"
        onFinish={({ policyId, ...said }) => assign.mutate({ ...said, policyId: policyId === "" ? null : policyId })}
      >
        <Form.Item name="class" rules={[{ required: true, whitespace: true }]}>
          <Input list="policy-classes" maxLength={40} placeholder={t("policy.class")} />
        </Form.Item>
        <datalist id="policy-classes">
          {classes.map((one) => (
            <option key={one.class} value={one.class} />
          ))}
        </datalist>
        <Form.Item name="policyId" rules={[{ required: true }]}>
          <Select
            className="policy-select"
            placeholder={t("policy.name")}
            options={[{ value: "", label: t("policy.accountsOwn") }, ...ids.map((value) => ({ value, label: value }))]}
          />
        </Form.Item>
        <Form.Item name="fromDay" rules={[{ required: true }]}>
          <Input type="date" aria-label={t("tariff.from")} />
        </Form.Item>
        <Button htmlType="submit" loading={assign.isPending}>
          {t("policy.assign")}
        </Button>
      </Form>
    </>
  );
}

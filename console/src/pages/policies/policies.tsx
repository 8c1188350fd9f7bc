import { Button, Form, Input, Modal, Select, Space, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router-dom";
import type { PoliciesJson, PolicyVersionJson } from "../../../../api/schemas/policy.ts";
import { usePolicies, usePolicyDeed } from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { STATE_COLOURS } from "../tariffs/state-colours.ts";
import { Classes } from "./classes.tsx";

type Row = PoliciesJson["items"][number];
const nameOf = ({ policyId, version }: Row): string => `${policyId}@${version}`;

/** Every version of every policy, which of them decide supplies today, and which class of accounts has which. */
export function Policies() {
  const { t, term, language } = useSpeech();
  const format = useFormat();
  const { role } = useUser();
  const [copied, setCopied] = useState<Row | null>(null);
  const policies = usePolicies();
  return (
    <>
      <p className="quiet">{t("policy.lead")}</p>
      <Loaded query={policies}>
        {(data) => (
          <>
            <ListTable<Row>
              rowKey={nameOf}
              dataSource={data.items}
              pagination={{ pageSize: 50, hideOnSinglePage: true }}
              empty={t("policy.none")}
              columns={[
                {
                  title: t("policy.name"),
                  key: "title",
                  render: (_, row) => (
                    <>
                      <Link
                        to={row.id === null ? `/policies/${row.policyId}/${row.version}` : `/policies/own/${row.id}`}
                      >
                        {row.title[language]}
                      </Link>
                      <div className="quiet">
                        <code>{nameOf(row)}</code>
                      </div>
                    </>
                  ),
                },
                { title: t("tariff.from"), key: "from", render: (_, row) => format.day(row.effectiveFrom) },
                {
                  title: t("tariff.state"),
                  key: "state",
                  render: (_, row) => (
                    <Space size={4} wrap>
                      <Tag color={STATE_COLOURS[row.state]}>{term("tariffState", row.state)}</Tag>
                      {row.inForce ? <Tag color="blue">{t("tariff.inForce")}</Tag> : null}
                      <span className="quiet">{t(row.origin === "own" ? "tariff.own" : "tariff.catalogue")}</span>
                    </Space>
                  ),
                },
                { title: t("policy.supplies"), key: "supplies", align: "right", dataIndex: "supplies" },
                {
                  title: "",
                  key: "do",
                  render: (_, row) =>
                    role === "reader" || row.state !== "published" ? null : (
                      <Button size="small" onClick={() => setCopied(row)} data-testid="policy-copy">
                        {t("tariff.copy")}
                      </Button>
                    ),
                },
              ]}
            />
            <Classes policies={data.items} />
            {copied === null ? null : <NewVersion of={copied} close={() => setCopied(null)} />}
          </>
        )}
      </Loaded>
    </>
  );
}

type Asked = {
  readonly as: "next" | "own";
  readonly id?: string;
  readonly version: string;
  readonly effectiveFrom: string;
};

/** A next version of the same policy, or a policy of one's own that begins as a copy. */
function NewVersion({ of, close }: { of: Row; close: () => void }) {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const [form] = Form.useForm<Asked>();
  const as = Form.useWatch("as", form) ?? "next";
  const make = usePolicyDeed<object, PolicyVersionJson>("POST", "/policy-versions");
  const send = ({ id, version, effectiveFrom }: Asked) =>
    make.mutate(
      { copyOf: nameOf(of), version, effectiveFrom, ...(as === "own" ? { id } : {}) },
      { onSuccess: (one) => void navigate(`/policies/own/${one.id}`) },
    );
  return (
    <Modal
      open
      title={t("policy.new", { name: nameOf(of) })}
      okText={t("tariff.new.make")}
      onOk={() => form.submit()}
      onCancel={close}
      confirmLoading={make.isPending}
    >
      {make.error === null ? null : <ProblemNote error={make.error} />}
      <Form<Asked> form={form} layout="vertical" initialValues={{ as: "next" }} onFinish={send}>
        <Form.Item name="as" label={t("policy.as")}>
          <Select
            options={[
              { value: "next", label: t("policy.as.next") },
              { value: "own", label: t("policy.as.own") },
            ]}
          />
        </Form.Item>
        {as === "own" ? (
          <Form.Item name="id" label={t("tariff.new.id")} rules={[{ required: true }]}>
            <Input maxLength={64} />
          </Form.Item>
        ) : null}
        <Form.Item name="version" label={t("tariff.copy.version")} rules={[{ required: true }]}>
          <Input maxLength={64} data-testid="policy-version" />
        </Form.Item>
        <Form.Item name="effectiveFrom" label={t("field.effectiveFrom")} rules={[{ required: true }]}>
          <Input type="date" data-testid="policy-from" />
        </Form.Item>
      </Form>
    </Modal>
  );
}

import { Button, Form, Input, Modal } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { SupplyWorkOrderJson } from "../../../../api/schemas/supply-board.ts";
import { useCloseWorkOrder } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUser } from "../../shell/operator.tsx";

/** Orders of which nobody knows whether they took effect: somebody goes and looks. */
export function WorkOrders({ items }: { items: readonly SupplyWorkOrderJson[] }) {
  const { t } = useSpeech();
  const place = usePlace();
  const user = useUser();
  return (
    <ListTable
      dataSource={[...items]}
      pagination={false}
      empty={t("supply.noWorkOrders")}
      columns={[
        { title: t("supply.since"), key: "since", render: (_, o) => <Ago at={o.openedAt} /> },
        { title: t("account.place"), key: "place", render: (_, o) => place(o) },
        {
          title: t("account.name"),
          key: "name",
          render: (_, o) => (o.accountId === null ? "–" : <Link to={`/accounts/${o.accountId}`}>{o.accountName}</Link>),
        },
        {
          title: t("meter.serial"),
          key: "serial",
          render: (_, o) => <Link to={`/meters/${o.meterId}`}>{o.serial}</Link>,
        },
        { title: t("supply.why"), key: "why", dataIndex: "why" },
        {
          title: "",
          key: "do",
          align: "right",
          render: (_, o) => (user.role === "reader" || o.closedAt !== null ? o.note : <Close id={o.id} />),
        },
      ]}
    />
  );
}

function Close({ id }: { id: string }) {
  const { t } = useSpeech();
  const [isOpen, setOpen] = useState(false);
  const [form] = Form.useForm<{ note: string }>();
  const close = useCloseWorkOrder(id);
  return (
    <>
      <Button size="small" onClick={() => setOpen(true)}>
        {t("supply.close")}
      </Button>
      <Modal
        open={isOpen}
        title={t("supply.close")}
        okText={t("supply.close")}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
        confirmLoading={close.isPending}
      >
        {close.error === null ? null : <ProblemNote error={close.error} />}
        <p className="quiet">{t("supply.closeWhat")}</p>
        <Form
          form={form}
          layout="vertical"
          onFinish={(body) => close.mutate(body, { onSuccess: () => setOpen(false) })}
        >
          <Form.Item name="note" label={t("supply.found")} rules={[{ required: true, min: 3, whitespace: true }]}>
            <Input.TextArea rows={3} maxLength={500} autoFocus />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

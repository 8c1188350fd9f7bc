import { Button, Form, Input, Modal, Select } from "antd";
import { useState } from "react";
import { useAccounts } from "../../api/queries.ts";
import { type HoldBody, useNoteHold } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { instantInZone } from "../../parts/zone-time.ts";
import { useFormat } from "../../shell/operator.tsx";

export type HoldKindName = "pause" | "dispute" | "stop_window" | "protection";
type Fields = {
  kind: HoldKindName;
  accountId?: string;
  from?: string;
  until?: string;
  reason: string;
  evidence?: string;
};

/** Says that a supply, or all of them, are not to be cut: why, from when, until when. */
export function NoteHold({ kind }: { kind: HoldKindName | null }) {
  const { t, term } = useSpeech();
  const { zone } = useFormat();
  const [isOpen, setOpen] = useState(false);
  const [form] = Form.useForm<Fields>();
  const chosen = Form.useWatch("kind", form) ?? kind ?? "dispute";
  const note = useNoteHold();
  const label = kind === "pause" ? t("supply.pauseAll") : t("supply.noteHold");
  const send = ({ kind: wanted, from, until, reason, accountId, evidence }: Fields) => {
    const at = (local: string | undefined) => (local === undefined || local === "" ? null : instantInZone(local, zone));
    const body = {
      kind: wanted,
      from: at(from),
      until: at(until),
      reason,
      evidence: evidence ?? "",
      ...(wanted === "pause" ? {} : { accountId: accountId ?? "" }),
    };
    note.mutate(body as HoldBody, {
      onSuccess: () => {
        setOpen(false);
        form.resetFields();
      },
    });
  };
  return (
    <>
      <Button
        size="small"
        danger={kind === "pause"}
        onClick={() => setOpen(true)}
        data-testid={`note-${kind ?? "hold"}`}
      >
        {label}
      </Button>
      <Modal
        open={isOpen}
        title={label}
        okText={label}
        onOk={() => form.submit()}
        onCancel={() => setOpen(false)}
        confirmLoading={note.isPending}
      >
        {note.error === null ? null : <ProblemNote error={note.error} />}
        <Form<Fields> form={form} layout="vertical" initialValues={{ kind: kind ?? "dispute" }} onFinish={send}>
          <Form.Item name="kind" label={t("supply.kind")} hidden={kind !== null}>
            <Select
              options={(["dispute", "stop_window", "protection"] as const).map((value) => ({
                value,
                label: term("supplyHold", value),
              }))}
            />
          </Form.Item>
          {chosen === "pause" ? (
            <p>{t("supply.pauseWhat")}</p>
          ) : (
            <Form.Item name="accountId" label={t("account.name")} rules={[{ required: true }]}>
              <AccountPicker />
            </Form.Item>
          )}
          <Form.Item name="reason" label={t("supply.reason")} rules={[{ required: true, min: 3, whitespace: true }]}>
            <Input.TextArea rows={2} maxLength={500} />
          </Form.Item>
          <Form.Item
            name="evidence"
            label={t("supply.evidence")}
            rules={chosen === "protection" ? [{ required: true, min: 3, whitespace: true }] : []}
          >
            <Input maxLength={500} />
          </Form.Item>
          {chosen === "pause" ? null : (
            <Form.Item name="from" label={t("supply.from")} extra={t("supply.fromNow")}>
              <Input type="datetime-local" />
            </Form.Item>
          )}
          <Form.Item
            name="until"
            label={t("supply.untilLabel")}
            extra={chosen === "protection" ? t("supply.protectionEnds") : t("supply.untilEnded")}
            rules={chosen === "protection" ? [{ required: true }] : []}
          >
            <Input type="datetime-local" />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}

/** An account found by what one types of its name, flat or number. */
function AccountPicker({ value, onChange }: { value?: string; onChange?: (id: string) => void }) {
  const { t } = useSpeech();
  const [search, setSearch] = useState("");
  const found = useAccounts({ search, paymentMode: "prepaid", page: 1, pageSize: 20 });
  return (
    <Select
      showSearch={{ filterOption: false, onSearch: setSearch }}
      value={value ?? null}
      onChange={(id) => {
        if (id !== null) onChange?.(id);
      }}
      placeholder={t("supply.findAccount")}
      loading={found.isFetching}
      options={(found.data?.items ?? []).map(({ id, number, name, building, room }) => ({
        value: id,
        label: [number, name, building, room].filter(Boolean).join(" · "),
      }))}
    />
  );
}

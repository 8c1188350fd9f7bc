import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form, Input, Modal, Select } from "antd";
import { useRef } from "react";
import { useNavigate } from "react-router-dom";
import type { NewRouteBody, RoutesJson } from "../../../../api/schemas/reading-route.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { UTILITY_ORDER } from "../../theme.ts";

export const EVERY = ["day", "week", "month", "quarter"] as const;

type Wanted = {
  name: string;
  building: string;
  utilities: NonNullable<NewRouteBody["utilities"]>;
  every: (typeof EVERY)[number];
  walker?: string;
};

/** A route of all meters of a building, floor by floor. The key lives as long as the window: a double click makes one. */
export function NewRoute({ known, close }: { known: RoutesJson; close: () => void }) {
  const { t, term } = useSpeech();
  const [form] = Form.useForm<Wanted>();
  const key = useRef(crypto.randomUUID?.() ?? String(performance.now()));
  const client = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: (body: Wanted) => ask<{ id: string }>("/routes", { method: "POST", body, key: key.current }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ["routes"] });
      close();
      await navigate(`/routes/${id}`);
    },
  });
  const options = (group: string, words: readonly string[]) =>
    words.map((value) => ({ value, label: term(group, value) }));
  return (
    <Modal
      open
      title={t("routes.new")}
      okText={t("routes.make")}
      cancelText={t("routes.cancel")}
      confirmLoading={make.isPending}
      onOk={() => form.submit()}
      onCancel={close}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ every: "month", utilities: ["electricity", "water", "gas"] }}
        onFinish={(wanted) => make.mutate(wanted)}
      >
        <Form.Item name="building" label={t("routes.building")} rules={[{ required: true }]}>
          <Select
            showSearch
            options={known.buildings.map((value) => ({ value, label: value }))}
            data-testid="route-building"
          />
        </Form.Item>
        <Form.Item name="name" label={t("routes.name")} rules={[{ required: true, whitespace: true, max: 80 }]}>
          <Input data-testid="route-name" />
        </Form.Item>
        <Form.Item name="utilities" label={t("routes.utilities")} rules={[{ required: true }]}>
          <Select mode="multiple" options={options("utility", UTILITY_ORDER)} />
        </Form.Item>
        <Form.Item name="every" label={t("routes.every")}>
          <Select options={options("every", EVERY)} />
        </Form.Item>
        <Form.Item name="walker" label={t("routes.walker")}>
          <Select
            allowClear
            placeholder={t("routes.anybody")}
            options={known.walkers.map(({ login, name }) => ({ value: login, label: name }))}
          />
        </Form.Item>
      </Form>
      {make.error === null ? null : <ProblemNote error={make.error} />}
    </Modal>
  );
}

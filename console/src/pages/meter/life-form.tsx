import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Form, Modal, Space } from "antd";
import { useState } from "react";
import type { LifeJson } from "../../../../api/schemas/meter-life.ts";
import type { MeterJson } from "../../../../api/schemas/meter.ts";
import { ApiError } from "../../api/client.ts";
import { doToMeter, type LifeDeed, newDeedKey } from "../../api/meter-life.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { instantInZone, localInZone } from "../../parts/zone-time.ts";
import { useFormat } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";
import { LifeFields, type LifeValues } from "./life-fields.tsx";
import { LifePreview } from "./life-preview.tsx";

const PREVIEWED = new Set<LifeDeed>(["exchanges", "removals", "ratios"]);
const withoutEmpty = (dials: Record<string, string | undefined> | undefined) =>
  Object.fromEntries(Object.entries(dials ?? {}).filter(([, value]) => value !== undefined && value.trim() !== ""));

/** What the service is asked for. */
function bodyOf(deed: LifeDeed, values: LifeValues, zone: string): Record<string, unknown> {
  const { at, final, initial, dials, ratio, photo, ...rest } = values;
  const given = photo === undefined || photo.trim() === "" ? {} : { photo: photo.trim() };
  const moment = at === undefined ? {} : { at: instantInZone(at, zone) };
  switch (deed) {
    case "exchanges":
      return {
        ...rest,
        ...given,
        ...moment,
        final: withoutEmpty(final),
        initial: withoutEmpty(initial),
        ...(ratio === undefined || ratio.trim() === "" ? {} : { ratio: ratio.trim() }),
      };
    case "removals":
      return { ...rest, ...given, ...moment, final: withoutEmpty(final) };
    case "ratios":
      return { ...rest, ...given, ...moment, ratio: ratio?.trim(), dials: withoutEmpty(dials) };
    case "seals":
    case "calibrations":
      return { ...rest, ...given, ...moment };
  }
}

/** The reason that the service gave, in the reader's language. */
function Refusal({ error }: { error: unknown }) {
  const { term } = useSpeech();
  const reason = error instanceof ApiError && error.problem.code === "meter.refused" ? error.problem.detail : undefined;
  const name = reason?.split(":")[0] ?? "";
  const said = term("life.refusal", name);
  return (
    <>
      {said === name ? null : <p role="status">{said}</p>}
      <ProblemNote error={error} />
    </>
  );
}

/** A deed in two steps: what happened, then what it comes to. Nothing is done before the second. */
export function LifeForm({ meter, deed, close }: { meter: MeterJson; deed: LifeDeed; close: () => void }) {
  const { t } = useSpeech();
  const { zone } = useFormat();
  const now = useNow();
  const client = useQueryClient();
  const [form] = Form.useForm<LifeValues>();
  const [key] = useState(newDeedKey);
  const [shown, setShown] = useState<LifeJson | null>(null);
  const act = useMutation({
    mutationFn: ({ preview }: { preview: boolean }) =>
      doToMeter(meter.id, deed, bodyOf(deed, form.getFieldsValue(true), zone), {
        // A rehearsal takes no key: what was changed after it would be called another deed.
        key: preview ? newDeedKey() : key,
        preview,
      }),
    onSuccess: async (answer) => {
      if (answer.outcome === "preview") return setShown(answer);
      close();
      await client.invalidateQueries();
    },
  });
  const previewed = PREVIEWED.has(deed);
  return (
    <Modal open title={t(`life.form.${deed}`, { serial: meter.serial })} footer={null} onCancel={close} width={680}>
      <Form<LifeValues>
        form={form}
        layout="vertical"
        initialValues={{ act: "fixed", ...(now === null ? {} : { at: localInZone(now - 60_000, zone) }) }}
        onFinish={() => act.mutate({ preview: previewed && shown === null })}
      >
        <div hidden={shown !== null}>
          <LifeFields meter={meter} deed={deed} />
        </div>
        {shown === null ? null : <LifePreview life={shown} />}
        {act.error === null ? null : <Refusal error={act.error} />}
        <Space>
          <Button type="primary" htmlType="submit" loading={act.isPending} data-testid="life-go">
            {t(previewed && shown === null ? "life.preview" : "life.go")}
          </Button>
          {shown === null ? null : (
            <Button
              onClick={() => {
                setShown(null);
                act.reset();
              }}
            >
              {t("life.back")}
            </Button>
          )}
        </Space>
      </Form>
    </Modal>
  );
}

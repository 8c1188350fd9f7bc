import { Form, Input, Radio, Select } from "antd";
import { useState } from "react";
import type { MeterJson } from "../../../../api/schemas/meter.ts";
import { type LifeDeed, useSpares } from "../../api/meter-life.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** What the form holds; dials by register. */
export type LifeValues = {
  at?: string;
  newMeterId?: string;
  final?: Record<string, string | undefined>;
  initial?: Record<string, string | undefined>;
  dials?: Record<string, string | undefined>;
  ratio?: string;
  number?: string;
  act?: "fixed" | "broken";
  person?: string;
  verifiedOn?: string;
  certificate?: string;
  dueOn?: string;
  reason?: string;
  photo?: string;
};

const MAIN: Readonly<Record<string, string>> = {
  electricity: "energy_import_kwh",
  gas: "volume_m3",
  water: "volume_m3",
  heat: "heat_kwh",
};
const TOU = /^energy_import_(sharp|peak|flat|valley|deep_valley)_kwh$/;

/** The dials that a bill may rest on; hours that a meter never counted are not asked for. */
const dialsOf = ({ utility, registers }: MeterJson): string[] => [
  ...new Set([
    MAIN[utility] ?? "",
    ...registers.filter((r) => TOU.test(r.register) && Number(r.quantity.value) !== 0).map((r) => r.register),
  ]),
];

type DialsProps = {
  readonly meter: MeterJson;
  readonly name: "final" | "initial" | "dials";
  readonly label: "life.final" | "life.initial" | "life.dialAt";
  readonly hint: "life.dial.hint" | "life.dialAt.hint";
};

function Dials({ meter, name, label, hint }: DialsProps) {
  const { t, term } = useSpeech();
  return (
    <>
      <div className="dials">
        {dialsOf(meter).map((register) => (
          <Form.Item
            key={register}
            name={[name, register]}
            label={t(label, { register: term("register", register) })}
            rules={[{ pattern: /^\d{1,12}(\.\d{1,6})?$/, message: t("life.number.bad") }]}
          >
            <Input inputMode="decimal" data-testid={`${name}-${register}`} />
          </Form.Item>
        ))}
      </div>
      <p className="quiet dials-hint">{t(hint)}</p>
    </>
  );
}

function NewMeter({ meter }: { meter: MeterJson }) {
  const { t } = useSpeech();
  const [search, setSearch] = useState("");
  const spares = useSpares(meter.utility, search, true);
  return (
    <Form.Item
      name="newMeterId"
      label={t("life.newMeter")}
      extra={t("life.newMeter.hint")}
      rules={[{ required: true, message: t("life.missing") }]}
    >
      <Select
        showSearch={{ filterOption: false, onSearch: setSearch }}
        loading={spares.isFetching}
        notFoundContent={t("life.newMeter.none")}
        options={(spares.data?.items ?? []).map((s) => ({ value: s.id, label: `${s.serial} · ${s.profileId}` }))}
        data-testid="life-new-meter"
      />
    </Form.Item>
  );
}

function Ratio({ required }: { required: boolean }) {
  const { t } = useSpeech();
  return (
    <Form.Item
      name="ratio"
      label={t("life.ratio")}
      {...(required ? {} : { extra: t("life.ratio.same") })}
      rules={[
        { required, message: t("life.missing") },
        { pattern: /^\d{1,9}(\.\d{1,9})?$/, message: t("life.number.bad") },
      ]}
    >
      <Input inputMode="decimal" data-testid="life-ratio" />
    </Form.Item>
  );
}

function Text({ name, label, type = "text" }: { name: keyof LifeValues; label: string; type?: "text" | "date" }) {
  const { t } = useSpeech();
  return (
    <Form.Item name={name} label={label} rules={[{ required: true, whitespace: true, message: t("life.missing") }]}>
      <Input type={type} data-testid={`life-${name}`} />
    </Form.Item>
  );
}

function Of({ meter, deed }: { meter: MeterJson; deed: LifeDeed }) {
  const { t } = useSpeech();
  switch (deed) {
    case "exchanges":
      return (
        <>
          <Dials meter={meter} name="final" label="life.final" hint="life.dial.hint" />
          <NewMeter meter={meter} />
          <Dials meter={meter} name="initial" label="life.initial" hint="life.dial.hint" />
          <Ratio required={false} />
        </>
      );
    case "removals":
      return <Dials meter={meter} name="final" label="life.final" hint="life.dial.hint" />;
    case "ratios":
      return (
        <>
          <Ratio required />
          <Dials meter={meter} name="dials" label="life.dialAt" hint="life.dialAt.hint" />
        </>
      );
    case "seals":
      return (
        <>
          <Text name="number" label={t("life.number")} />
          <Form.Item name="act" label={t("life.act")}>
            <Radio.Group
              options={[
                { value: "fixed", label: t("life.act.fixed") },
                { value: "broken", label: t("life.act.broken") },
              ]}
            />
          </Form.Item>
          <Text name="person" label={t("life.person")} />
        </>
      );
    case "calibrations":
      return (
        <>
          <Text name="verifiedOn" label={t("life.verifiedOn")} type="date" />
          <Text name="certificate" label={t("life.certificate")} />
          <Text name="dueOn" label={t("life.dueOn")} type="date" />
        </>
      );
  }
}

export function LifeFields({ meter, deed }: { meter: MeterJson; deed: LifeDeed }) {
  const { t } = useSpeech();
  const { zone } = useFormat();
  return (
    <>
      {deed === "calibrations" ? null : (
        <Form.Item name="at" label={t("life.at", { zone })} rules={[{ required: true, message: t("life.missing") }]}>
          <Input type="datetime-local" data-testid="life-at" />
        </Form.Item>
      )}
      <Of meter={meter} deed={deed} />
      <Form.Item
        name="reason"
        label={t("life.reason")}
        rules={[{ required: true, whitespace: true, max: 500, message: t("life.missing") }]}
      >
        <Input.TextArea rows={2} data-testid="life-reason" />
      </Form.Item>
      <Form.Item name="photo" label={t("life.photoOf")} rules={[{ max: 200 }]}>
        <Input />
      </Form.Item>
    </>
  );
}

import { Checkbox, Form, Input, InputNumber, Radio, Select } from "antd";
import type { TariffChoicesJson } from "../../../../api/schemas/what-if.ts";
import { usePolicies } from "../../api/policies.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { DAY } from "../../parts/say.tsx";
import { UtilityIcon } from "../../parts/utility.tsx";
import { useUser } from "../../shell/operator.tsx";
import { useTariffChoices } from "../what-if/queries.ts";
import { useRecurringCharges, type VacantPoint } from "./queries.ts";

export type PointFields = { taken?: boolean; tariffId?: string; value?: string; confirmed?: boolean };
export type MoveInFields = {
  fromDay: string;
  number: string;
  name: string;
  phone?: string;
  address?: string;
  paymentMode: "postpaid" | "prepaid";
  policyId?: string;
  points: Record<string, PointFields>;
  persons?: number | null;
  areaM2?: string;
  customerClass?: "resident" | "non_resident";
  charges?: Record<string, string>;
  deposit?: string;
};

const DECIMAL = /^\d{1,9}(\.\d{1,2})?$/;

/** Who comes, and since when. */
export function CustomerFields() {
  const { t, term } = useSpeech();
  const required = [{ required: true, whitespace: true, message: t("closing.required") }];
  return (
    <div className="move-in-grid">
      <Form.Item
        name="fromDay"
        label={t("moveIn.from")}
        extra={t("moveIn.from.hint")}
        rules={[{ required: true, pattern: DAY, message: t("closing.day.missing") }]}
      >
        <Input type="date" data-testid="move-in-day" />
      </Form.Item>
      <Form.Item name="number" label={t("moveIn.number")} rules={required}>
        <Input maxLength={40} data-testid="move-in-number" />
      </Form.Item>
      <Form.Item name="name" label={t("moveIn.name")} rules={required}>
        <Input maxLength={100} data-testid="move-in-name" />
      </Form.Item>
      <Form.Item name="phone" label={t("moveIn.phone")}>
        <Input maxLength={40} inputMode="tel" />
      </Form.Item>
      <Form.Item name="address" label={t("moveIn.address")}>
        <Input maxLength={200} />
      </Form.Item>
      <Form.Item name="paymentMode" label={t("moveIn.mode")}>
        <Radio.Group
          options={(["postpaid", "prepaid"] as const).map((value) => ({ value, label: term("mode", value) }))}
        />
      </Form.Item>
      <PolicyField />
    </div>
  );
}

function PolicyField() {
  const { t, language } = useSpeech();
  const policies = usePolicies();
  const mode = Form.useWatch<MoveInFields["paymentMode"] | undefined>("paymentMode");
  if (mode !== "prepaid") return null;
  const known = (policies.data?.items ?? []).filter(({ inForce }) => inForce);
  return (
    <Form.Item name="policyId" label={t("moveIn.policy")} rules={[{ required: true, message: t("closing.required") }]}>
      <Select
        data-testid="move-in-policy"
        options={known.map(({ policyId, title }) => ({ value: policyId, label: `${title[language]} · ${policyId}` }))}
      />
    </Form.Item>
  );
}

/** Each vacant point of the home: whether it is taken, under which tariff, and what its dial shows. */
export function PointsFields({ points }: { points: readonly VacantPoint[] }) {
  const { t } = useSpeech();
  const tariffs = useTariffChoices();
  return (
    <fieldset className="move-out-readings">
      <legend>{t("moveIn.points")}</legend>
      {points.map((point) => (
        <PointRow key={point.pointId} point={point} tariffs={tariffs.data?.items ?? []} />
      ))}
    </fieldset>
  );
}

function PointRow({ point, tariffs }: { point: VacantPoint; tariffs: TariffChoicesJson["items"] }) {
  const { t, language } = useSpeech();
  const { pointId, utility, meter } = point;
  const own = tariffs.filter((one) => one.utility === utility);
  const value = Form.useWatch<string | undefined>(["points", pointId, "value"]) ?? "";
  return (
    <div className="move-in-point">
      <Form.Item name={["points", pointId, "taken"]} valuePropName="checked" noStyle>
        <Checkbox>
          <UtilityIcon utility={utility} named /> {meter?.serial ?? "–"}
        </Checkbox>
      </Form.Item>
      <Form.Item name={["points", pointId, "tariffId"]} noStyle>
        <Select
          aria-label={`${t("moveIn.tariff")} ${meter?.serial ?? ""}`}
          placeholder={t("moveIn.tariff")}
          showSearch
          optionFilterProp="label"
          options={own.map(({ id, title }) => ({ value: id, label: `${title[language]} · ${id}` }))}
        />
      </Form.Item>
      <Form.Item name={["points", pointId, "value"]} noStyle>
        <Input
          inputMode="decimal"
          placeholder={t("moveIn.reading")}
          aria-label={`${t("moveIn.reading")} ${meter?.serial ?? ""}`}
          data-testid={`dial-${utility}`}
          disabled={meter === null}
        />
      </Form.Item>
      {value.trim() === "" ? null : (
        <Form.Item name={["points", pointId, "confirmed"]} valuePropName="checked" noStyle>
          <Checkbox>{t("closing.confirmed")}</Checkbox>
        </Form.Item>
      )}
    </div>
  );
}

/** What bills must know of the household, what is charged besides, and what is asked as a deposit. */
export function HouseholdFields() {
  const { t, language } = useSpeech();
  const charges = useRecurringCharges();
  const { currency } = useUser().operator;
  const decimal = [{ pattern: DECIMAL, message: t("moveIn.decimal") }];
  return (
    <fieldset className="move-out-readings">
      <legend>{t("moveIn.household")}</legend>
      <div className="move-in-grid">
        <Form.Item name="persons" label={t("moveIn.persons")}>
          <InputNumber min={1} max={99} precision={0} data-testid="move-in-persons" />
        </Form.Item>
        <Form.Item name="areaM2" label={t("moveIn.area")} rules={decimal}>
          <Input inputMode="decimal" />
        </Form.Item>
        <Form.Item name="customerClass" label={t("moveIn.class")}>
          <Select
            allowClear
            options={(["resident", "non_resident"] as const).map((value) => ({
              value,
              label: t(`customerClass.${value}`),
            }))}
          />
        </Form.Item>
        <Form.Item name="deposit" label={t("moveIn.deposit")} rules={decimal}>
          <Input inputMode="decimal" suffix={currency} data-testid="move-in-deposit" />
        </Form.Item>
        {(charges.data?.items ?? []).map(({ code, titleZh, titleEn }) => (
          <Form.Item
            key={code}
            name={["charges", code]}
            label={language === "zh" ? titleZh : titleEn}
            extra={t("moveIn.quantity")}
            rules={decimal}
          >
            <Input inputMode="decimal" />
          </Form.Item>
        ))}
      </div>
    </fieldset>
  );
}

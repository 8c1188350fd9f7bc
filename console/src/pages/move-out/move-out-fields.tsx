import { Checkbox, Form, Input } from "antd";
import type { AccountJson } from "../../../../api/schemas/account.ts";
import type { FinalBillJson } from "../../../../api/schemas/account-closing.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { UtilityIcon } from "../../parts/utility.tsx";
import { unitText } from "../../format.ts";
import { useFormat } from "../../shell/operator.tsx";

export type ReadingFields = Record<string, { value?: string; confirmed?: boolean }>;

/** What the dials showed, where somebody read them: one line for each meter. */
export function MoveOutReadings({ meters }: { meters: AccountJson["meters"] }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (meters.length === 0) return null;
  return (
    <fieldset className="move-out-readings">
      <legend>{t("closing.reading")}</legend>
      <p className="quiet">{t("closing.reading.hint")}</p>
      {meters.map((meter) => (
        <div key={meter.id} className="move-out-reading">
          <span>
            <UtilityIcon utility={meter.utility} named /> {meter.serial}{" "}
            <span className="quiet">{meter.latest === null ? "" : format.quantity(meter.latest)}</span>
          </span>
          <Form.Item name={["readings", meter.id, "value"]} noStyle>
            <Input inputMode="decimal" aria-label={`${t("closing.reading")} ${meter.serial}`} />
          </Form.Item>
          <Form.Item
            noStyle
            shouldUpdate={(before, now) => before.readings?.[meter.id]?.value !== now.readings?.[meter.id]?.value}
          >
            {({ getFieldValue }) =>
              (getFieldValue(["readings", meter.id, "value"]) ?? "") === "" ? null : (
                <Form.Item name={["readings", meter.id, "confirmed"]} valuePropName="checked" noStyle>
                  <Checkbox>{t("closing.confirmed")}</Checkbox>
                </Form.Item>
              )
            }
          </Form.Item>
        </div>
      ))}
    </fieldset>
  );
}

/** Values that nobody read need the customer's word. */
export function Consent({ proposed }: { proposed: FinalBillJson["proposed"] }) {
  const { t, term } = useSpeech();
  return (
    <fieldset className="move-out-readings" data-testid="closing-consent">
      <legend>{t("closing.agreed")}</legend>
      {proposed.map(({ meterId, register, value, unit, method }) => (
        <p key={`${meterId}/${register}`}>
          {t("closing.proposed", {
            register: term("register", register),
            value: `${value} ${unitText(unit)}`,
            method: term("method", method),
          })}
        </p>
      ))}
      <WordFields name="agreed" required />
    </fieldset>
  );
}

/** Credit of one class pays another's debt only where the customer says so; whoever leaves it empty sets nothing off. */
export function SetOffConsent({ setOff }: { setOff: FinalBillJson["setOff"] }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { rule, possible, consent } = setOff;
  const pays = (["supply", "property"] as const).find((one) => Number(possible?.[one].amount ?? 0) > 0);
  if (rule !== "on_consent" || (pays === undefined && consent === null)) return null;
  return (
    <fieldset className="move-out-readings" data-testid="closing-set-off">
      <legend>{t("closing.setOff")}</legend>
      {pays === undefined || possible === null ? null : (
        <p>{t(`closing.setOff.${pays}`, { amount: format.money(possible[pays]) })}</p>
      )}
      <p className="quiet">{t("closing.setOff.hint")}</p>
      <WordFields name="setOffConsent" />
    </fieldset>
  );
}

/** Who agreed, when, and where it is written: all of it or nothing. */
function WordFields({ name, required = false }: { name: "agreed" | "setOffConsent"; required?: boolean }) {
  const { t } = useSpeech();
  const said = Form.useWatch<{ by?: string; on?: string; reference?: string } | undefined>(name);
  const isAsked = required || Object.values(said ?? {}).some((text) => (text ?? "") !== "");
  const text = isAsked ? [{ required: true, whitespace: true, min: 2, message: t("closing.required") }] : [];
  const day = isAsked ? [{ required: true, pattern: /^\d{4}-\d\d-\d\d$/, message: t("closing.day.missing") }] : [];
  return (
    <>
      <Form.Item name={[name, "by"]} label={t("closing.agreed.by")} rules={text}>
        <Input maxLength={100} data-testid={`${name}-by`} />
      </Form.Item>
      <Form.Item name={[name, "on"]} label={t("closing.agreed.on")} rules={day}>
        <Input type="date" style={{ maxWidth: 220 }} data-testid={`${name}-on`} />
      </Form.Item>
      <Form.Item name={[name, "reference"]} label={t("closing.agreed.reference")} rules={text}>
        <Input maxLength={200} data-testid={`${name}-reference`} />
      </Form.Item>
    </>
  );
}

import { Card } from "antd";
import { useSpeech } from "../../../i18n/language.tsx";
import { useEditor } from "./context.tsx";
import { Charges } from "./charges.tsx";
import { Fields } from "./field.tsx";

/** Charges and examples stand by themselves; id and version are the draft's name and stay. */
const ELSEWHERE = ["charges", "examples", "id", "version"];

/** A tariff version as a form, made of the language's schema. */
export function TariffForm() {
  const { t } = useSpeech();
  const { schema } = useEditor();
  return (
    <div className="stack">
      <Card size="small" title={t("tariff.general")}>
        <Fields schema={schema} path={[]} owner="tariff" without={ELSEWHERE} />
      </Card>
      <Card size="small" title={t("field.charges")}>
        <Charges />
      </Card>
    </div>
  );
}

import type { BilledUsageJson } from "../../../../api/schemas/bill.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";

type Register = BilledUsageJson["registers"][number];

/** Figures of the book-keeping that a customer need not see on the paper. */
const HIDDEN = new Set(["method_version", "policy"]);

/** Under a register that ends at an estimate: how it was found, from what, and that it will be settled. */
export function EstimatedEnd({ register, columns }: { register: Register; columns: number }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const { estimate } = register;
  if (estimate === undefined) return null;
  const shown = (name: string, value: string): string => {
    if (name.endsWith("_like")) return value.split(" ").join(", ");
    return /^\d{4}-\d\d-\d\dT/.test(value) ? format.dayClockShort(value) : value;
  };
  const basis = Object.entries(estimate.basis).filter(([name]) => !HIDDEN.has(name));
  return (
    <tr className="estimated-end">
      <td colSpan={columns}>
        {t("bill.estimated", { method: term("method", estimate.method) })}{" "}
        <small className="quiet">
          {basis.map(([name, value]) => `${term("estimateBasis", name)} ${shown(name, value)}`).join(" · ")}
        </small>
      </td>
    </tr>
  );
}

import type { BillJson, StatementJson } from "../../../../api/schemas/bill.ts";
import type { MoneyJson } from "../../../../api/schemas/json.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Amount } from "../../parts/money.tsx";
import { useFormat } from "../../shell/operator.tsx";

const ROWS = ["previous", "paid", "other", "billed", "balance", "creditUsed"] as const;
const CLASSES = ["supply", "property"] as const;
/** Rows that are left out where they are zero in every class. */
const IF_ANY = new Set<keyof StatementJson>(["other", "creditUsed"]);

const isZero = (money: MoneyJson): boolean => Number(money.amount) === 0;

/** What is owed; less than nothing is told as credit. */
function Owed({ money }: { money: MoneyJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (!money.amount.startsWith("-")) return <Amount money={money} />;
  return <>{t("statement.credit", { amount: format.money({ ...money, amount: money.amount.slice(1) }) })}</>;
}

/** Owed before, paid since, this bill, owed after, as of the bill's issue: one column per class of debt. */
export function StatementTable({ bill }: { bill: BillJson }) {
  const { t } = useSpeech();
  const classes = CLASSES.filter((of) => of === "supply" || ROWS.some((row) => !isZero(bill.statement[of][row])));
  const rows = ROWS.filter((row) => !IF_ANY.has(row) || classes.some((of) => !isZero(bill.statement[of][row])));
  return (
    <table className="paper-table" data-testid="bill-statement">
      <thead>
        <tr>
          <th>{t("statement.title")}</th>
          {classes.map((of) => (
            <th key={of} className="num">
              {t(`statement.${of}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row}>
            <td>{t(`statement.${row}`)}</td>
            {classes.map((of) => (
              <td key={of} className="num">
                <Owed money={bill.statement[of][row]} />
              </td>
            ))}
          </tr>
        ))}
        {isZero(bill.deposit) ? null : (
          <tr>
            <td>{t("statement.deposit")}</td>
            <td className="num" colSpan={classes.length}>
              <Amount money={bill.deposit} />
            </td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

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
export function Owed({ money }: { money: MoneyJson }) {
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
      </tbody>
    </table>
  );
}

const MOVES = ["before", "taken", "applied", "returned", "held"] as const;

/** The deposit from the bill before to this one; nothing where there never was one. */
export function DepositTable({ deposit }: { deposit: BillJson["deposit"] }) {
  const { t } = useSpeech();
  if (MOVES.every((move) => isZero(deposit[move]))) return null;
  return (
    <table className="paper-table" data-testid="bill-deposit">
      <tbody>
        {MOVES.filter((move) => move === "held" || !isZero(deposit[move])).map((move) => (
          <tr key={move}>
            <td>{t(`bill.deposit.${move}`)}</td>
            <td className="num">
              <Amount money={deposit[move]} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What a final bill comes to: owed, paid by the deposit, and what is left either way. */
export function FinalTable({ final }: { final: NonNullable<BillJson["final"]> }) {
  const { t } = useSpeech();
  const format = useFormat();
  const paid = [final.paid.supply, final.paid.property].filter((one) => !isZero(one));
  return (
    <table className="paper-table" data-testid="bill-final">
      <thead>
        <tr>
          <th colSpan={2}>{t("bill.final.title", { day: format.day(final.onDay) })}</th>
        </tr>
      </thead>
      <tbody>
        {paid.length === 0 ? null : (
          <tr>
            <td>{t("bill.final.paid")}</td>
            <td className="num">
              {paid.map((one, i) => (
                <span key={i}>
                  {i === 0 ? "" : " + "}
                  <Amount money={one} />
                </span>
              ))}
            </td>
          </tr>
        )}
        {(["supply", "property"] as const).map((pays) =>
          isZero(final.setOff[pays]) ? null : (
            <tr key={pays}>
              <td>{t(`bill.final.setOff.${pays}`)}</td>
              <td className="num">
                <Amount money={final.setOff[pays]} />
              </td>
            </tr>
          ),
        )}
        <tr>
          <td>{t("bill.final.stillOwed")}</td>
          <td className="num">
            <b>
              <Amount money={final.stillOwed} />
            </b>
          </td>
        </tr>
        <tr>
          <td>{t("bill.final.refundDue")}</td>
          <td className="num">
            <b>
              <Amount money={final.refundDue} />
            </b>
          </td>
        </tr>
      </tbody>
    </table>
  );
}

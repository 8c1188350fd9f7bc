import { Alert, Button } from "antd";
import { useEffect, useState } from "react";
import { Link } from "react-router-dom";
import { useCounter } from "../../api/counter.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { OpenShift } from "../shifts/open-shift.tsx";

/** Whose drawer the cash goes into. Nothing where the operator has no drawers. */
export function ShiftBar() {
  const { t } = useSpeech();
  const format = useFormat();
  const counter = useCounter();
  const [opening, setOpening] = useState(false);
  const { data } = counter;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey || event.code !== "KeyO") return;
      event.preventDefault();
      setOpening(true);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  if (data === undefined || (data.drawers.length === 0 && !data.terms.shiftRequired)) return null;
  const { shift, terms } = data;
  if (shift !== null)
    return (
      <div className="shift-bar no-print" data-testid="shift-bar" data-state="open">
        <b>{t("shift.at", { drawer: shift.drawer })}</b>
        <span className="quiet">{t("shift.since", { at: format.dayClockShort(shift.openedAt) })}</span>
        <span className="grow" />
        <Link to={`/shifts/${shift.id}`}>{t("shift.end")}</Link>
      </div>
    );
  return (
    <Alert
      className="shift-none no-print"
      data-testid="shift-bar"
      type={terms.shiftRequired ? "warning" : "info"}
      title={t(terms.shiftRequired ? "shift.none.required" : "shift.none")}
      action={
        <Button size="small" type={terms.shiftRequired ? "primary" : "default"} onClick={() => setOpening(true)}>
          {t("shift.open")} <kbd>Alt+O</kbd>
        </Button>
      }
      description={opening ? <OpenShift counter={data} done={() => setOpening(false)} /> : undefined}
    />
  );
}

import { Button, Card } from "antd";
import { Link } from "react-router-dom";
import type { PrepaidRowJson } from "../../../../api/schemas/supply.ts";
import { usePrepaid } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { RelayLamp } from "../../parts/lamp.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Balance } from "../../parts/money.tsx";
import { mayTakePayments } from "../../shell/frame.tsx";
import { useUser } from "../../shell/operator.tsx";

const SHOWN = 4;

/** Cut ones first, then those with the least left. */
export function nearestToDark(rows: readonly PrepaidRowJson[]): PrepaidRowJson[] {
  const left = (row: PrepaidRowJson) =>
    (row.reported === "disconnected" ? -1e9 : 0) + Number(row.available?.amount ?? "1e9");
  return rows.toSorted((a, b) => left(a) - left(b)).slice(0, SHOWN);
}

/** The prepaid homes that are dark or will be next: the ones a counter hears from. */
export function NextDark() {
  const place = usePlace();
  const { t } = useSpeech();
  const me = useUser();
  const board = usePrepaid({ page: 1, pageSize: 200 });
  return (
    <Card size="small" title={t("overview.nextDark")} extra={<Link to="/prepaid">{t("overview.all")}</Link>}>
      <Loaded query={board} rows={3} isEmpty={(b) => b.items.length === 0} empty={t("overview.noPrepaid")}>
        {(b) => (
          <ul className="dark-list">
            {nearestToDark(b.items).map((row) => (
              <li key={row.accountId}>
                <Link to={`/accounts/${row.accountId}`}>
                  {row.accountName}
                  <small className="quiet">{place(row)}</small>
                </Link>
                <RelayLamp state={row.reported} />
                {row.available === null ? <span className="amount">–</span> : <Balance money={row.available} />}
                {mayTakePayments(me.role) ? (
                  <Link to={`/counter?account=${row.accountId}`}>
                    <Button size="small">{t("counter.topUp")}</Button>
                  </Link>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  );
}

import { Card } from "antd";
import type { BusJson } from "../../../../api/schemas/bus.ts";
import { useBuses } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { Scan, ScanButton } from "./scan.tsx";
import { Units } from "./units.tsx";

const LAMP = { up: "lamp-on", down: "lamp-fault", closed: "lamp-unknown" } as const;

function Head({ bus }: { bus: BusJson }) {
  const { t, term } = useSpeech();
  const ill = bus.units.filter(({ breaker }) => breaker !== "closed").length;
  return (
    <div className="bus-head">
      <span className={`lamp ${LAMP[bus.link]}`} role="status" data-testid="bus-link" data-state={bus.link}>
        <i aria-hidden="true" />
        {term("busLink", bus.link)}
      </span>
      <b>{bus.name}</b>
      <span className="quiet">
        {term("busKind", bus.kind)} · <code>{bus.address}</code>
      </span>
      {bus.units.length === 0 ? null : (
        <span className={ill === 0 ? "quiet" : "bus-ill"}>
          {ill === 0 ? t("buses.allWell") : t("buses.inTrouble", { n: ill, total: bus.units.length })}
        </span>
      )}
    </div>
  );
}

function Bus({ bus }: { bus: BusJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const all = Object.values(bus.transactions).reduce((a, b) => a + b, 0);
  const { billing = 0, state = 0, power = 0 } = bus.pollSeconds;
  return (
    <Card size="small" className="bus" title={<Head bus={bus} />} extra={<ScanButton bus={bus} />}>
      {bus.link === "down" && bus.detail !== null ? <p className="bus-ill">{bus.detail}</p> : null}
      <p className="quiet">
        {t("buses.polls", { billing, state, power })}
        {" · "}
        {t("buses.transactions", { n: format.count(all), failed: format.count(all - (bus.transactions.ok ?? 0)) })}
      </p>
      {bus.scan === null ? null : <Scan scan={bus.scan} />}
      <Units units={bus.units} />
    </Card>
  );
}

export default function Buses() {
  const { t } = useSpeech();
  const buses = useBuses();
  return (
    <>
      <PageTitle title={t("nav.buses")} note={t("buses.note")} />
      <Loaded query={buses} isEmpty={({ items }) => items.length === 0} empty={t("buses.none")}>
        {({ items }) => (
          <div className="buses">
            {items.map((bus) => (
              <Bus key={bus.id} bus={bus} />
            ))}
          </div>
        )}
      </Loaded>
    </>
  );
}

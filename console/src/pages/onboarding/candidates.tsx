import type { FoundDeviceJson } from "../../../../api/schemas/onboarding.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** Every profile that may read the device, what speaks for it and what it read. */
export function Candidates({ device }: { device: FoundDeviceJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <>
      <p className="quiet">
        {t("tray.first")} {format.instantSeconds(device.firstSeenAt)}
        {device.framesDropped === 0 ? "" : ` · ${t("tray.dropped", { n: format.count(device.framesDropped) })}`}
      </p>
      <ListTable
        rowKey="profileId"
        dataSource={device.candidates}
        pagination={false}
        empty={t("tray.unrecognised")}
        columns={[
          {
            title: t("tray.candidates"),
            render: (_, one) => (
              <>
                {one.title} <code>{one.profileId}</code>
              </>
            ),
          },
          {
            render: (_, one) => (
              <>
                {one.evidence.map(({ kind }) => (
                  <div key={kind}>{term("tray.evidence", kind)}</div>
                ))}
                {one.choosable ? null : <div className="quiet">{t("tray.notFirst")}</div>}
              </>
            ),
          },
          {
            title: t("tray.says"),
            render: (_, one) =>
              one.sample.map(({ register, value, unit }) => (
                <div key={register}>
                  <span className="quiet">{term("register", register)}</span> {format.quantity({ value, unit }, 6)}
                </div>
              )),
          },
        ]}
      />
    </>
  );
}

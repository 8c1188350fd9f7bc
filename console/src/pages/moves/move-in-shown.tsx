import { Alert, Tag } from "antd";
import { Link } from "react-router-dom";
import type { MoveInShownJson } from "../../../../api/schemas/move.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Utility } from "../../parts/utility.tsx";
import { useFormat } from "../../shell/operator.tsx";

const BASIS_COLOUR = { reading: "green", interpolated: "blue", estimated: "orange" } as const;
type Shown = MoveInShownJson["points"][number];

/** A move-in before it is entered: what the meters show as the day begins, and what lies between the two customers. */
export function MoveInShown({ shown }: { shown: MoveInShownJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  return (
    <div className="stack" data-testid="move-in-shown">
      {shown.refused.length === 0 ? null : (
        <Alert
          type="warning"
          showIcon
          title={t("moveIn.refused")}
          description={shown.refused.map(({ reason, pointId, detail }) => (
            <div key={`${reason}/${pointId}`} data-reason={reason}>
              {term("moveInRefusal", reason)} <span className="quiet">{detail}</span>
            </div>
          ))}
        />
      )}
      <div className="scroll-x">
        <table className="paper-table">
          <thead>
            <tr>
              <th>{t("moves.points")}</th>
              <th className="num">{`${t("moveIn.begins")} · ${format.instant(shown.beginsAt)}`}</th>
              <th>{t("moveIn.beforeTitle")}</th>
              <th>{t("moves.last")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.points.map((one) => (
              <tr key={one.pointId}>
                <td>
                  <Utility utility={one.utility} /> {one.meter?.serial ?? "–"}
                  <div className="quiet">{one.tariffId}</div>
                </td>
                <td className="num">
                  <Start point={one} />
                </td>
                <td>
                  {one.before === null
                    ? ""
                    : t("moveIn.before", {
                        value: format.quantity({ value: one.before.value, unit: one.unit }, 3),
                        at: format.instant(one.before.at),
                      })}
                </td>
                <td>
                  <Last point={one} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

function Start({ point: { start, unit } }: { point: Shown }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (start === null) return <Tag color="red">{t("moveIn.unknown")}</Tag>;
  return (
    <>
      {format.quantity({ value: start.value, unit }, 3)}{" "}
      <Tag color={BASIS_COLOUR[start.basis]}>{t(`closing.basis.${start.basis}`)}</Tag>
    </>
  );
}

function Last({ point: { last, vacantDays, usedVacant, unit } }: { point: Shown }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (last === null) return <span className="quiet">{t("moves.never")}</span>;
  const used = usedVacant === null || Number(usedVacant) === 0 ? null : `${usedVacant} ${unitText(unit)}`;
  const gap = used === null ? t("moveIn.gap", { days: vacantDays }) : t("moveIn.gap.used", { days: vacantDays, used });
  return (
    <>
      <Link to={`/accounts/${last.accountId}`}>{last.number}</Link>{" "}
      {last.endedOn === null ? "" : t("moves.last.up", { day: format.day(last.endedOn) })}
      <div className="quiet">{last.endedOn === null ? "" : vacantDays === 0 ? t("moveIn.noGap") : gap}</div>
    </>
  );
}

import { Button, Card, Empty, Space, Tag, Timeline } from "antd";
import { useState } from "react";
import type { MeterJson } from "../../../../api/schemas/meter.ts";
import type { MeterEventsJson } from "../../../../api/schemas/meter-life.ts";
import { type LifeDeed, useMeterEvents } from "../../api/meter-life.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { LifeForm } from "./life-form.tsx";

const DEEDS: readonly LifeDeed[] = ["exchanges", "removals", "ratios", "seals", "calibrations"];
const COLOURS: Readonly<Record<string, string>> = {
  exchanged: "orange",
  removed: "red",
  installed: "green",
  ratio: "purple",
  seal_broken: "red",
};

type Event = MeterEventsJson["items"][number];
const text = (value: unknown): string => (typeof value === "string" ? value : "");
const dialsOf = (value: unknown): string =>
  Object.values((value ?? {}) as Record<string, string>)
    .filter((one) => one !== "")
    .join(" / ");

/** What is special of an event, in a few words. */
function useDetail() {
  const { t } = useSpeech();
  const format = useFormat();
  return ({ kind, detail }: Event): string[] => {
    const words: string[] = [];
    if (text(detail.newSerial) !== "") words.push(t("life.detail.new", { serial: text(detail.newSerial) }));
    if (text(detail.oldSerial) !== "") words.push(t("life.detail.old", { serial: text(detail.oldSerial) }));
    if (dialsOf(detail.final) !== "") words.push(t("life.detail.final", { value: dialsOf(detail.final) }));
    if (dialsOf(detail.initial) !== "") words.push(t("life.detail.initial", { value: dialsOf(detail.initial) }));
    if (kind === "ratio") words.push(t("life.detail.ratio", { from: text(detail.from), to: text(detail.to) }));
    if (dialsOf(detail.dials) !== "") words.push(t("life.detail.dial", { value: dialsOf(detail.dials) }));
    if (kind.startsWith("seal_"))
      words.push(t("life.detail.seal", { number: text(detail.number), person: text(detail.person) }));
    if (kind === "check_meter")
      words.push(
        text(detail.serial) === "" ? t("life.detail.noCheck") : t("life.detail.check", { serial: text(detail.serial) }),
      );
    if (kind === "calibrated")
      words.push(
        t("life.detail.calibrated", { certificate: text(detail.certificate), day: format.day(text(detail.dueOn)) }),
      );
    return words;
  };
}

function Events({ items }: { items: MeterEventsJson["items"] }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const detailOf = useDetail();
  if (items.length === 0) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("life.none")} />;
  return (
    <Timeline
      items={items.map((event) => {
        const rebill = Array.isArray(event.detail.rebill) ? (event.detail.rebill as string[]) : [];
        return {
          key: event.id,
          ...(COLOURS[event.kind] === undefined ? {} : { color: COLOURS[event.kind] }),
          content: (
            <div data-testid={`event-${event.kind}`}>
              <strong>{term("life.event", event.kind)}</strong>{" "}
              <span>{event.kind === "calibrated" ? format.dayOfInstant(event.at) : format.instant(event.at)}</span>
              {detailOf(event).map((words) => (
                <div key={words}>{words}</div>
              ))}
              <div className="quiet">
                {event.reason} · {t("life.by", { name: event.recordedBy ?? "–", at: format.instant(event.recordedAt) })}
              </div>
              {event.photo === null ? null : (
                <div className="quiet">
                  {t("life.photo")} <code>{event.photo}</code>
                </div>
              )}
              {rebill.length === 0 ? null : <Tag color="gold">{t("life.rebill", { numbers: rebill.join(", ") })}</Tag>}
            </div>
          ),
        };
      })}
    />
  );
}

function State({ life }: { life: MeterEventsJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { calibration, seals } = life;
  return (
    <Space wrap>
      <span className="quiet">{t("life.seals")}</span>
      {seals.length === 0 ? <span>{t("life.noSeals")}</span> : seals.map((s) => <Tag key={s.number}>{s.number}</Tag>)}
      <span className="quiet">{t("life.verified")}</span>
      {calibration === null ? (
        <span>{t("life.noVerified")}</span>
      ) : (
        <Tag color={calibration.overdue ? "red" : "green"}>
          {calibration.certificate} ·{" "}
          {t(calibration.overdue ? "life.overdue" : "life.due", { day: format.day(calibration.dueOn) })}
        </Tag>
      )}
    </Space>
  );
}

/** What happened to a meter, and what a clerk may do to it. */
export function Life({ meter }: { meter: MeterJson }) {
  const { t } = useSpeech();
  const user = useUser();
  const life = useMeterEvents(meter.id);
  const [open, setOpen] = useState<LifeDeed | null>(null);
  const mayWrite = user.role !== "reader";
  const stands = meter.role !== null;
  const deeds = DEEDS.filter((deed) => stands || deed === "seals" || deed === "calibrations");
  return (
    <Card
      size="small"
      title={t("life.title")}
      extra={
        mayWrite ? (
          <Space wrap size={4}>
            {deeds.map((deed) => (
              <Button key={deed} size="small" onClick={() => setOpen(deed)} data-testid={`life-${deed}`}>
                {t(`life.do.${deed}`)}
              </Button>
            ))}
          </Space>
        ) : null
      }
    >
      <Loaded query={life} rows={3}>
        {(data) => (
          <div className="stack">
            <State life={data} />
            <Events items={data.items} />
          </div>
        )}
      </Loaded>
      {open === null ? null : <LifeForm meter={meter} deed={open} close={() => setOpen(null)} />}
    </Card>
  );
}

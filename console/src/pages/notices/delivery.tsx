import { Tag, Tooltip } from "antd";
import type { NoticeDeliveryJson, NoticeJson } from "../../../../api/schemas/notice.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";

const COLOURS: Readonly<Record<NoticeDeliveryJson["state"], string>> = {
  queued: "default",
  sending: "processing",
  accepted: "blue",
  delivered: "green",
  failed: "red",
  undeliverable: "red",
};

/** One way of a notice: channel, address and where it stands; what was said last on hovering. */
export function DeliveryTag({ delivery }: { delivery: NoticeDeliveryJson }) {
  const { t, term } = useSpeech();
  const { channel, address, state, detail, attempts } = delivery;
  const said = [detail, attempts > 1 ? t("notices.attempts", { n: attempts }) : ""].filter(Boolean).join(" · ");
  return (
    <Tooltip title={said}>
      <Tag color={COLOURS[state]}>
        {term("way", channel)} {channel === "hand" ? "" : address} · {term("delivery", state)}
      </Tag>
    </Tooltip>
  );
}

/** Served since when, or that it is not. */
export function Served({ notice }: { notice: NoticeJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  if (notice.servedAt !== null) return <Tag color="green">{format.instant(notice.servedAt)}</Tag>;
  return <Tag color={notice.deliveries.length === 0 ? "red" : "default"}>{t("notices.unserved")}</Tag>;
}

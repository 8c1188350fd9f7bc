import { Tooltip } from "antd";
import type { HeardStatus } from "../../../api/schemas/meter.ts";
import { useSpeech } from "../i18n/language.tsx";
import { useFormat } from "../shell/operator.tsx";
import { useNow } from "../shell/town-clock.tsx";

export function Heard({ status, at }: { status: HeardStatus; at: string | null }) {
  const { t } = useSpeech();
  return (
    <Tooltip title={t(`meterStatus.${status}.hint`)}>
      <span className={`heard-mark word-${status}`}>
        <i aria-hidden="true" />
        {at === null ? t("meterStatus.never") : t(`meterStatus.${status}`)}
      </span>
    </Tooltip>
  );
}

/** "3 minutes ago" by the service's clock, the exact time when pointed at. */
export function Ago({ at }: { at: string | null }) {
  const format = useFormat();
  const now = useNow();
  if (at === null) return <span className="quiet">–</span>;
  return (
    <Tooltip title={format.instantSeconds(at)}>
      <time dateTime={at}>{now === null ? format.instant(at) : format.ago(at, now)}</time>
    </Tooltip>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Card, Table } from "antd";
import type { HeardJson } from "../../../../api/schemas/gap.ts";
import type { MeterJson } from "../../../../api/schemas/meter.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { useFormat } from "../../shell/operator.tsx";

/** A share below this is shown in red: bills of that day rest on few readings. Our choice. */
const SHARE_LOW = 0.9;

function useSpan(): (seconds: number) => string {
  const { t } = useSpeech();
  return (seconds) =>
    seconds >= 7_200
      ? t("heard.hours", { n: Math.round(seconds / 3_600) })
      : seconds >= 120
        ? t("heard.minutes", { n: Math.round(seconds / 60) })
        : t("heard.seconds", { n: Math.round(seconds) });
}

/** Readings that were agreed and readings that came, a line per day and register. */
export function HeardDays({ meter }: { meter: MeterJson }) {
  const { t, term } = useSpeech();
  const format = useFormat();
  const span = useSpan();
  const heard = useQuery({
    queryKey: ["heard", meter.id],
    queryFn: ({ signal }) => ask<HeardJson>(`/meters/${meter.id}/heard`, { signal }),
  });
  const every = heard.data?.everySeconds ?? null;
  return (
    <Card
      size="small"
      title={t("heard.title")}
      extra={
        <span className="quiet">
          {every === null ? t("heard.noInterval") : t("heard.every", { text: span(every) })}
        </span>
      }
    >
      <Loaded query={heard} isEmpty={(data) => data.days.length === 0} empty={t("heard.none")}>
        {(data) => (
          <Table
            rowKey={(d) => `${d.day} ${d.register}`}
            size="small"
            dataSource={data.days}
            pagination={{ pageSize: 7, hideOnSinglePage: true, size: "small", showSizeChanger: false }}
            scroll={{ x: "max-content" }}
            columns={[
              { title: t("heard.day"), render: (_, d) => format.day(d.day) },
              { title: t("meter.register"), render: (_, d) => term("register", d.register) },
              { title: t("heard.heard"), align: "right", render: (_, d) => d.heard },
              { title: t("heard.expected"), align: "right", render: (_, d) => d.expected ?? "–" },
              {
                title: t("heard.share"),
                align: "right",
                render: (_, d) => {
                  if (d.expected === null || d.expected === 0) return "–";
                  const share = Math.min(1, d.heard / d.expected);
                  return <span className={share < SHARE_LOW ? "low-share" : ""}>{`${Math.floor(share * 100)} %`}</span>;
                },
              },
              { title: t("heard.largest"), align: "right", render: (_, d) => span(d.largestGapSeconds) },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

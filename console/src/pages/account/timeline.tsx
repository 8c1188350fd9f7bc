import { useInfiniteQuery } from "@tanstack/react-query";
import { Button, Card, Empty, Segmented, Skeleton } from "antd";
import { useState } from "react";
import type { TimelineEntry, TimelineKind } from "../../../../api/schemas/account.ts";
import { timelinePage } from "../../api/queries.ts";
import type { Format } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { type ReadingEntry, DayReadings, TimelineRow } from "./timeline-row.tsx";

const FILTERS: Readonly<Record<"all" | "money" | "supply" | "reading", readonly TimelineKind[]>> = {
  all: [],
  money: ["bill", "payment"],
  supply: ["supply"],
  reading: ["reading", "verdict"],
};
type Filter = keyof typeof FILTERS;

/** Neighbours of one local day under one heading, newest first; its closing readings stand together. */
export function byDay(entries: readonly TimelineEntry[], format: Pick<Format, "day" | "dayOfInstant">) {
  const days: { day: string; entries: Exclude<TimelineEntry, ReadingEntry>[]; readings: ReadingEntry[] }[] = [];
  for (const entry of entries) {
    // A reading at midnight closes the day before: it says itself which day it belongs to.
    const day = entry.kind === "reading" ? format.day(entry.day) : format.dayOfInstant(entry.at);
    let place = days.find((d) => d.day === day);
    if (place === undefined) {
      place = { day, entries: [], readings: [] };
      days.push(place);
    }
    if (entry.kind === "reading") place.readings.push(entry);
    else place.entries.push(entry);
  }
  return days;
}

function useTimeline(accountId: string, filter: Filter) {
  return useInfiniteQuery({
    queryKey: ["timeline", accountId, filter],
    queryFn: ({ pageParam }) => timelinePage(accountId, FILTERS[filter], pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
}

export function Timeline({ accountId }: { accountId: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const [filter, setFilter] = useState<Filter>("all");
  const pages = useTimeline(accountId, filter);
  const entries = pages.data?.pages.flatMap((page) => page.entries) ?? [];
  return (
    <Card
      size="small"
      title={t("timeline.title")}
      extra={
        <Segmented<Filter>
          size="small"
          value={filter}
          onChange={setFilter}
          options={(["all", "money", "supply", "reading"] as const).map((f) => ({
            value: f,
            label: t(`timeline.${f}`),
          }))}
        />
      }
    >
      {pages.error === null ? null : <ProblemNote error={pages.error} retry={() => void pages.refetch()} />}
      {pages.isPending ? <Skeleton active title={false} /> : null}
      {pages.isSuccess && entries.length === 0 ? (
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("timeline.none")} />
      ) : null}
      <div className="timeline">
        {byDay(entries, format).map((day) => (
          <section key={day.day}>
            <h3>
              {day.day}
              {day.readings.length === 0 ? null : <DayReadings readings={day.readings} />}
            </h3>
            {day.entries.map((entry) => (
              <TimelineRow key={entry.id} entry={entry} accountId={accountId} />
            ))}
          </section>
        ))}
      </div>
      {pages.hasNextPage ? (
        <Button block type="text" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          {t("timeline.more")}
        </Button>
      ) : null}
    </Card>
  );
}

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Segmented, Tag } from "antd";
import { Link } from "react-router-dom";
import type { GapRowJson, GapsJson } from "../../../../api/schemas/gap.ts";
import { ask } from "../../api/client.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { FilterSelect } from "../../parts/filter-select.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePages } from "../../parts/pages.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { useUrlFilter } from "../../parts/url-filter.ts";
import { Utility } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { GapNote } from "./gap-note.tsx";

const SHOWN = ["unsettled", "settled", "all"] as const;
const OWNERS = ["any", "mine", "nobody"] as const;
const COLOURS = { open: "red", asked: "gold", filled: "green", estimated: "blue", given_up: "default" } as const;

function Age({ seconds }: { seconds: number }) {
  const { t } = useSpeech();
  if (seconds >= 172_800) return <>{t("gaps.days", { n: Math.floor(seconds / 86_400) })}</>;
  if (seconds >= 7_200) return <>{t("gaps.hours", { n: Math.floor(seconds / 3_600) })}</>;
  return <>{t("gaps.minutes", { n: Math.floor(seconds / 60) })}</>;
}

function Owner({ gap }: { gap: GapRowJson }) {
  const { t } = useSpeech();
  const me = useUser();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (owner: "me" | null) => ask<GapRowJson>(`/gaps/${gap.id}`, { method: "PATCH", body: { owner } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["gaps"] }),
  });
  const mayRelease = gap.mine || me.role === "manager";
  return (
    <>
      <span className={gap.owner === null ? "quiet" : ""}>{gap.owner?.name ?? t("gaps.nobody")}</span>{" "}
      {me.role === "reader" || gap.settledAt !== null ? null : gap.owner === null ? (
        <Button size="small" loading={change.isPending} onClick={() => change.mutate("me")}>
          {t("gaps.take")}
        </Button>
      ) : mayRelease ? (
        <Button size="small" loading={change.isPending} onClick={() => change.mutate(null)}>
          {t("gaps.release")}
        </Button>
      ) : null}
      {change.error === null ? null : <ProblemNote error={change.error} />}
    </>
  );
}

/** Stretches without readings, the oldest first: how old, why, and who looks after them. */
export default function Gaps() {
  const { t, term } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  const filter = useUrlFilter();
  const state = SHOWN.find((one) => one === filter.get("state")) ?? "unsettled";
  const owner = OWNERS.find((one) => one === filter.get("owner")) ?? "any";
  const building = filter.get("building");
  const asked = {
    state,
    page: filter.page,
    pageSize: filter.pageSize,
    ...(owner === "any" ? {} : { owner }),
    ...(building === "" ? {} : { building }),
  };
  const gaps = useQuery({
    queryKey: ["gaps", asked],
    queryFn: ({ signal }) => ask<GapsJson>("/gaps", { query: asked, signal }),
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
  const pagination = usePages(filter, gaps.data?.total ?? 0);
  return (
    <>
      <PageTitle title={t("nav.gaps")} />
      <div className="filters">
        <Segmented
          value={state}
          onChange={(value) => filter.set({ state: value === "unsettled" ? null : value })}
          options={SHOWN.map((value) => ({ value, label: t(`gaps.show.${value}`) }))}
        />
        <Segmented
          value={owner}
          onChange={(value) => filter.set({ owner: value === "any" ? null : value })}
          options={OWNERS.map((value) => ({ value, label: t(`gaps.owner.${value}`) }))}
        />
        <FilterSelect
          filter={filter}
          name="building"
          all={t("meter.place")}
          options={(gaps.data?.buildings ?? []).filter(Boolean).map((value) => ({
            value,
            label: t("place.building", { n: value }),
          }))}
        />
      </div>
      <Loaded query={gaps}>
        {(data) => (
          <ListTable
            dataSource={data.items}
            pagination={pagination}
            empty={t("gaps.none")}
            columns={[
              { title: t("gaps.age"), align: "right", render: (_, g) => <Age seconds={g.ageSeconds} /> },
              { title: t("meter.serial"), render: (_, g) => <Link to={`/meters/${g.meterId}`}>{g.serial}</Link> },
              { title: t("meter.utility"), render: (_, g) => <Utility utility={g.utility} /> },
              { title: t("meter.place"), render: (_, g) => place(g) },
              { title: t("gaps.from"), render: (_, g) => format.instant(g.from) },
              {
                title: t("gaps.to"),
                render: (_, g) => (g.to === null ? <Tag color="red">{t("gaps.lasting")}</Tag> : format.instant(g.to)),
              },
              { title: t("meter.reason"), render: (_, g) => term("reason", g.reason) },
              {
                title: t("gaps.state"),
                render: (_, g) => (
                  <>
                    <Tag color={COLOURS[g.state]}>{term("gapState", g.state)}</Tag>
                    <span className="quiet">
                      {g.stateReason === "" ? "" : term("gapEnd", g.stateReason)}
                      {g.state === "asked" ? t("gaps.asked", { n: g.asked }) : ""}
                    </span>
                  </>
                ),
              },
              { title: t("gaps.owner"), render: (_, g) => <Owner gap={g} /> },
              { title: t("gaps.note"), render: (_, g) => <GapNote gap={g} /> },
            ]}
          />
        )}
      </Loaded>
    </>
  );
}

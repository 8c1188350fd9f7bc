import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Image, Popconfirm, Table, type TableColumnsType, Tag } from "antd";
import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router-dom";
import type { EntryJson, RouteJson, StopJson } from "../../../../api/schemas/reading-route.ts";
import { ask, urlOf } from "../../api/client.ts";
import { useRoute } from "../../api/queries.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { PageTitle } from "../../parts/page-title.tsx";
import { usePlace } from "../../parts/place.ts";
import { UtilityIcon } from "../../parts/utility.tsx";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { EditStops } from "./edit-stops.tsx";

const MINUTE_S = 60;
const COLOURS = { booked: "green", conflict: "red", skipped: "orange" } as const;

/** One stop and one entry of it; a stop without any has a row, too. */
type Row = { readonly key: string; readonly stop: StopJson; readonly entry: EntryJson | null };

const rowsOf = (route: RouteJson): Row[] =>
  route.items.flatMap((stop): Row[] =>
    stop.entries.length === 0
      ? [{ key: String(stop.position), stop, entry: null }]
      : stop.entries.map((entry) => ({ key: `${stop.position}/${entry.id}`, stop, entry })),
  );

function useColumns(): TableColumnsType<Row> {
  const { t, term } = useSpeech();
  const format = useFormat();
  const place = usePlace();
  return useMemo(
    () => [
      {
        title: "#",
        key: "position",
        width: 48,
        render: (_, { stop }) => <span className="quiet">{stop.position}</span>,
      },
      {
        title: t("routes.stop"),
        key: "stop",
        render: (_, { stop }) => (
          <>
            {stop.meter === null ? null : <UtilityIcon utility={stop.meter.utility} named />} {place(stop)}{" "}
            {stop.hint === "" ? null : <div className="quiet">{stop.hint}</div>}
          </>
        ),
      },
      {
        title: t("meter.serial"),
        key: "serial",
        render: (_, { stop }) =>
          stop.meter === null ? t("phone.noMeter") : <Link to={`/meters/${stop.meter.id}`}>{stop.meter.serial}</Link>,
      },
      {
        title: t("phone.last"),
        key: "last",
        align: "right",
        render: (_, { stop }) =>
          stop.last === null ? "–" : `${format.number(stop.last.value, 3)} ${unitText(stop.unit)}`,
      },
      {
        title: t("routes.result"),
        key: "result",
        render: (_, { stop, entry }) =>
          entry === null ? (
            <span className="quiet">{term("mark", "open")}</span>
          ) : (
            <span className="nobreak" data-testid="result" data-outcome={entry.outcome}>
              <Tag color={COLOURS[entry.outcome]}>{term("entry", entry.outcome)}</Tag>
              <b>{entry.value === null ? term("skip", entry.skip ?? "") : `${entry.value} ${unitText(stop.unit)}`}</b>{" "}
              {entry.outside ? <Tag color="gold">{t("routes.outside")}</Tag> : null}
            </span>
          ),
      },
      {
        title: t("routes.expected"),
        key: "expected",
        render: (_, { stop, entry }) => {
          const range = entry === null ? stop.expected : entry.expected;
          return range === null ? (
            "–"
          ) : (
            <span className="quiet nobreak">{`${range.low ?? "…"} – ${range.high ?? "…"}`}</span>
          );
        },
      },
      {
        title: t("routes.photo"),
        key: "photo",
        render: (_, { entry }) =>
          entry?.photo == null ? null : (
            <Image src={urlOf(`/photos/${entry.photo}`)} width={44} height={44} alt={t("routes.photo")} />
          ),
      },
      { title: t("routes.note.column"), key: "note", render: (_, { entry }) => entry?.note },
      {
        title: t("routes.by"),
        key: "by",
        render: (_, { entry }) =>
          entry === null ? null : (
            <>
              {entry.by} <span className="quiet nobreak">{format.dayClockShort(entry.measuredAt)}</span>{" "}
              {entry.clockWrong ? (
                <Tag color="gold">
                  {t("routes.clock", { n: Math.round(Math.abs(entry.clockOffsetSeconds) / MINUTE_S) })}
                </Tag>
              ) : null}
            </>
          ),
      },
    ],
    [t, term, format, place],
  );
}

export default function Route() {
  const { id = "" } = useParams();
  const route = useRoute(id);
  return <Loaded query={route}>{(data) => <Shown route={data} />}</Loaded>;
}

function Shown({ route }: { route: RouteJson }) {
  const { t, term } = useSpeech();
  const me = useUser();
  const columns = useColumns();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [editing, setEditing] = useState(false);
  const retire = useMutation({
    mutationFn: () => ask(`/routes/${route.id}`, { method: "DELETE" }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["routes"] });
      await navigate("/routes");
    },
  });
  const note = `${term("every", route.every)} · ${route.walker?.name ?? t("routes.anybody")} · ${route.read} / ${route.stops}`;
  return (
    <>
      <PageTitle title={route.name} note={note}>
        <a href={`/m/routes/${route.id}`}>{t("routes.openPhone")}</a>
        {me.role === "reader" || editing ? null : (
          <>
            <Button data-testid="edit-route" onClick={() => setEditing(true)}>
              {t("routes.edit")}
            </Button>
            <Popconfirm
              title={t("routes.retireAsk")}
              okText={t("routes.retire")}
              cancelText={t("routes.cancel")}
              onConfirm={() => retire.mutate()}
            >
              <Button danger>{t("routes.retire")}</Button>
            </Popconfirm>
          </>
        )}
      </PageTitle>
      {editing ? (
        <EditStops route={route} close={() => setEditing(false)} />
      ) : (
        <Image.PreviewGroup>
          <Table
            rowKey="key"
            size="small"
            columns={columns}
            dataSource={rowsOf(route)}
            pagination={false}
            scroll={{ x: "max-content" }}
          />
        </Image.PreviewGroup>
      )}
    </>
  );
}

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button, Input, Select, Space, Table } from "antd";
import { useState } from "react";
import type { ChangedRouteBody, RouteJson } from "../../../../api/schemas/reading-route.ts";
import { ask } from "../../api/client.ts";
import { useMeters, useRoutes } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { EVERY } from "./new-route.tsx";

/** A stop while it is worked on: a place as the route had it, or a meter that was added. */
type Draft = {
  readonly key: string;
  readonly usagePointId: string | null;
  readonly meterId: string | null;
  readonly label: string;
  readonly hint: string;
};

const HITS = 8;

/** Order, hints and stops of a route, written as a whole against the version that was opened. */
export function EditStops({ route, close }: { route: RouteJson; close: () => void }) {
  const { t, term } = useSpeech();
  const place = usePlace();
  const client = useQueryClient();
  const [name, setName] = useState(route.name);
  const [every, setEvery] = useState(route.every);
  const [walker, setWalker] = useState(route.walker?.login ?? null);
  const [search, setSearch] = useState("");
  // Against what was opened: a refresh in between must not make another's change look like ours.
  const [version] = useState(route.version);
  const [stops, setStops] = useState<readonly Draft[]>(() =>
    route.items.map((stop) => ({
      key: stop.usagePointId ?? `m${stop.meter?.id ?? ""}`,
      usagePointId: stop.usagePointId,
      meterId: stop.usagePointId === null ? (stop.meter?.id ?? null) : null,
      label: `${place(stop)} · ${stop.meter?.serial ?? t("phone.noMeter")}`,
      hint: stop.hint,
    })),
  );
  const known = useRoutes();
  const found = useMeters({ search, page: 1, pageSize: HITS });
  const save = useMutation({
    mutationFn: () => {
      const body: ChangedRouteBody = {
        name,
        every,
        walker,
        version,
        stops: stops.map(({ usagePointId, meterId, hint }) => ({ usagePointId, meterId, hint })),
      };
      return ask(`/routes/${route.id}`, { method: "PUT", body });
    },
    onSuccess: async () => {
      await Promise.all([
        client.invalidateQueries({ queryKey: ["route", route.id] }),
        client.invalidateQueries({ queryKey: ["routes"] }),
      ]);
      close();
    },
  });
  const move = (from: number, by: number) => {
    const next = [...stops];
    const [moved] = next.splice(from, 1);
    if (moved !== undefined) next.splice(from + by, 0, moved);
    setStops(next);
  };
  const add = (meterId: string) => {
    const meter = found.data?.items.find((one) => one.id === meterId);
    setSearch("");
    const label = meter === undefined ? meterId : `${place(meter)} · ${meter.serial}`;
    if (stops.some((stop) => stop.label === label)) return;
    setStops([...stops, { key: `m${meterId}`, usagePointId: null, meterId, label, hint: "" }]);
  };
  return (
    <div className="stack">
      <Space wrap>
        <Input aria-label={t("routes.name")} value={name} maxLength={80} onChange={(e) => setName(e.target.value)} />
        <Select
          aria-label={t("routes.every")}
          value={every}
          onChange={setEvery}
          options={EVERY.map((value) => ({ value, label: term("every", value) }))}
        />
        <Select
          aria-label={t("routes.walker")}
          allowClear
          style={{ minWidth: 200 }}
          placeholder={t("routes.anybody")}
          value={walker}
          onChange={(value: string | null) => setWalker(value ?? null)}
          options={(known.data?.walkers ?? []).map(({ login, name: label }) => ({ value: login, label }))}
        />
        <Select
          showSearch={{ filterOption: false, onSearch: setSearch, searchValue: search }}
          aria-label={t("routes.add")}
          placeholder={t("routes.add")}
          style={{ minWidth: 260 }}
          value={null}
          onChange={(value: string | null) => (value === null ? undefined : add(value))}
          options={(found.data?.items ?? []).map((m) => ({
            value: m.id,
            label: `${place(m)} · ${term("utility", m.utility)} · ${m.serial}`,
          }))}
        />
      </Space>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <Table
        rowKey="key"
        size="small"
        pagination={false}
        dataSource={stops}
        columns={[
          { title: "#", key: "n", width: 48, render: (_, _stop, n) => n + 1 },
          { title: t("routes.stop"), dataIndex: "label", key: "label" },
          {
            title: t("routes.hint"),
            key: "hint",
            render: (_, stop, n) => (
              <Input
                aria-label={t("routes.hint")}
                maxLength={200}
                value={stop.hint}
                onChange={(e) => setStops(stops.map((one, i) => (i === n ? { ...one, hint: e.target.value } : one)))}
              />
            ),
          },
          {
            key: "move",
            align: "right",
            render: (_, _stop, n) => (
              <Space.Compact size="small">
                <Button aria-label={t("routes.up")} disabled={n === 0} onClick={() => move(n, -1)}>
                  ↑
                </Button>
                <Button aria-label={t("routes.down")} disabled={n === stops.length - 1} onClick={() => move(n, 1)}>
                  ↓
                </Button>
                <Button onClick={() => setStops(stops.filter((_one, i) => i !== n))}>{t("routes.remove")}</Button>
              </Space.Compact>
            ),
          },
        ]}
      />
      <Space>
        <Button type="primary" data-testid="save-route" loading={save.isPending} onClick={() => save.mutate()}>
          {t("routes.save")}
        </Button>
        <Button onClick={close}>{t("routes.cancel")}</Button>
      </Space>
    </div>
  );
}

import { Alert, Button, Segmented, Space, Tag } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { FoundDeviceJson, TrayState } from "../../../../api/schemas/onboarding.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { Ago } from "../../parts/heard.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { usePages } from "../../parts/pages.tsx";
import { SearchBox } from "../../parts/search-box.tsx";
import { useUrlFilter, wordOf } from "../../parts/url-filter.ts";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { AcceptForm } from "./accept-form.tsx";
import { Candidates } from "./candidates.tsx";
import { Ignore, TakeBack } from "./decide.tsx";
import { useFoundDevices } from "./queries.ts";

/** What a person calls the device. */
export function useDeviceName(): (device: FoundDeviceJson) => string {
  const { t } = useSpeech();
  return ({ deviceKey, unitId }) =>
    unitId === null ? (deviceKey ?? "") || t("tray.noKey") : t("tray.unit", { n: unitId });
}

function Overflow({ notKept }: { notKept: readonly { client: string; times: number; lastKey: string }[] }) {
  const { t } = useSpeech();
  const format = useFormat();
  return notKept.map(({ client, times, lastKey }) => (
    <Alert
      key={client}
      type="warning"
      showIcon
      className="problem"
      title={t("tray.overflow", { client, n: format.count(times), key: lastKey || "–" })}
    />
  ));
}

function Says({ device }: { device: FoundDeviceJson }) {
  const { term } = useSpeech();
  const format = useFormat();
  const sample = device.candidates[0]?.sample ?? [];
  return (
    <Space size={[12, 2]} wrap>
      {sample.slice(0, 3).map(({ register, value, unit }) => (
        <span key={register}>
          <span className="quiet">{term("register", register)}</span> {format.quantity({ value, unit }, 3)}
        </span>
      ))}
    </Space>
  );
}

function Recognised({ device }: { device: FoundDeviceJson }) {
  const { t } = useSpeech();
  const [best] = device.candidates;
  if (best === undefined) return <Tag>{t("tray.unrecognised")}</Tag>;
  const more = device.candidates.length - 1;
  return (
    <>
      <span className="clip">{best.title}</span>{" "}
      {more === 0 ? null : <span className="quiet">{t("tray.more", { n: more })}</span>}
    </>
  );
}

function Became({ device }: { device: FoundDeviceJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const { decision, meter } = device;
  const booked = device.replayedAt === null ? t("tray.pending") : t("tray.booked", { n: device.replayedReadings ?? 0 });
  return (
    <>
      {meter === null ? null : (
        <>
          <Link to={`/meters/${meter.id}`}>{meter.serial}</Link> <span className="quiet">{booked}</span>
          <br />
        </>
      )}
      {decision === null ? null : (
        <span className="quiet">
          {t("tray.decided", { who: decision.by ?? t("tray.program"), at: format.instant(decision.at) })}{" "}
          {decision.reason}
        </span>
      )}
    </>
  );
}

export function Tray() {
  const { t } = useSpeech();
  const format = useFormat();
  const filter = useUrlFilter();
  const mayDecide = useUser().role !== "reader";
  const nameOf = useDeviceName();
  const [accepting, setAccepting] = useState<FoundDeviceJson | null>(null);
  const state: TrayState = wordOf(filter.get("state"), TRAY_NAMES) ?? "waiting";
  const search = filter.get("search");
  const found = useFoundDevices({ state, search, page: filter.page, pageSize: filter.pageSize });
  const pagination = usePages(filter, found.data?.total ?? 0);
  return (
    <>
      <p className="quiet">{t("tray.lead")}</p>
      <div className="filters">
        <Segmented<TrayState>
          value={state}
          onChange={(value) => filter.set({ state: value === "waiting" ? null : value })}
          data-testid="tray-state"
          options={TRAY_NAMES.map((value) => ({
            value,
            label: `${t(`tray.state.${value}`)} ${found.data === undefined ? "" : format.count(found.data.counts[value] ?? 0)}`,
          }))}
        />
        <SearchBox
          value={search}
          onSearch={(text) => filter.set({ search: text })}
          label={t("tray.search")}
          testId="tray-search"
        />
      </div>
      <Loaded query={found}>
        {(data) => (
          <>
            <Overflow notKept={data.notKept} />
            <ListTable
              dataSource={data.items}
              pagination={pagination}
              expandable={{ expandedRowRender: (device) => <Candidates device={device} /> }}
              empty={t(`tray.none.${state}`)}
              columns={[
                { title: t("tray.device"), render: (_, device) => <b>{nameOf(device)}</b> },
                { title: t("tray.wire"), render: (_, { wire }) => <code>{wire}</code> },
                { title: t("tray.profile"), render: (_, device) => <Recognised device={device} /> },
                { title: t("tray.says"), render: (_, device) => <Says device={device} /> },
                {
                  title: t("tray.times"),
                  align: "right",
                  render: (_, { times, framesKept }) => (
                    <>
                      {format.count(times)}
                      <br />
                      <span className="quiet">{t("tray.kept", { n: format.count(framesKept) })}</span>
                    </>
                  ),
                },
                { title: t("tray.last"), render: (_, { lastSeenAt }) => <Ago at={lastSeenAt} /> },
                {
                  key: "deeds",
                  render: (_, device) =>
                    device.state === "waiting" && mayDecide ? (
                      <Space>
                        <Button
                          size="small"
                          type="primary"
                          onClick={() => setAccepting(device)}
                          data-testid={`accept-${device.id}`}
                        >
                          {t("tray.accept")}
                        </Button>
                        <Ignore device={device} />
                      </Space>
                    ) : device.state === "ignored" && mayDecide ? (
                      <>
                        <Became device={device} /> <TakeBack device={device} />
                      </>
                    ) : (
                      <Became device={device} />
                    ),
                },
              ]}
            />
          </>
        )}
      </Loaded>
      {accepting === null ? null : (
        <AcceptForm key={accepting.id} device={accepting} close={() => setAccepting(null)} />
      )}
    </>
  );
}

const TRAY_NAMES = ["waiting", "ignored", "accepted"] as const satisfies readonly TrayState[];

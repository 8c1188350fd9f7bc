import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Drawer, Form, Input, Result, Select } from "antd";
import { useState } from "react";
import { Link } from "react-router-dom";
import type { AcceptBody, AcceptedJson, FoundDeviceJson, UsagePointJson } from "../../../../api/schemas/onboarding.ts";
import { ApiError, ask } from "../../api/client.ts";
import { unitText } from "../../format.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { usePlace } from "../../parts/place.ts";
import { ProblemNote } from "../../parts/problem.tsx";
import { instantInZone, localInZone } from "../../parts/zone-time.ts";
import { useFormat } from "../../shell/operator.tsx";
import { useUsagePoints } from "./queries.ts";
import { useDeviceName } from "./tray.tsx";

type Utility = AcceptBody["utility"];
type Values = {
  serial: string;
  profileId: string;
  utility: Utility;
  usagePointId: string;
  at: string;
  ratio: string;
  capacityPerHour: string;
  initial?: string;
  final?: string;
};

/** The dial that a clerk reads off, the unit of its bill, and a flat's usual connection. */
const OF: Readonly<Record<Utility, { dial: string; unit: string; capacity: string }>> = {
  electricity: { dial: "energy_import_kwh", unit: "kWh", capacity: "15" },
  gas: { dial: "volume_m3", unit: "m3", capacity: "6" },
  water: { dial: "volume_m3", unit: "m3", capacity: "5" },
  heat: { dial: "heat_kwh", unit: "kWh", capacity: "20" },
};
const UTILITIES = Object.keys(OF) as Utility[];
const DECIMAL = /^\d{1,9}(\.\d{1,9})?$/;

const dial = (utility: Utility, text: string | undefined) =>
  text === undefined || text.trim() === "" ? {} : { [OF[utility].dial]: text.trim() };

const bodyOf = (values: Values, point: UsagePointJson | undefined, zone: string): Record<string, unknown> => ({
  serial: values.serial.trim(),
  utility: values.utility,
  profileId: values.profileId,
  usagePointId: values.usagePointId,
  installedAt: instantInZone(values.at, zone),
  ratio: values.ratio.trim(),
  capacityPerHour: values.capacityPerHour.trim(),
  initial: dial(values.utility, values.initial),
  ...(point?.meter == null ? {} : { replaces: { meterId: point.meter.id, final: dial(values.utility, values.final) } }),
});

function Refusal({ error }: { error: unknown }) {
  const { term } = useSpeech();
  const reason = error instanceof ApiError && error.problem.code === "tray.refused" ? error.problem.detail : "";
  const name = reason?.split(":")[0] ?? "";
  const said = [term("tray.refusal", name), term("life.refusal", name)].find((text) => text !== name);
  return (
    <>
      {said === undefined ? null : <p role="status">{said}</p>}
      <ProblemNote error={error} />
    </>
  );
}

/** From a device that speaks to a meter at a usage point: what the clerk must say, and what came of it. */
export function AcceptForm({ device, close }: { device: FoundDeviceJson; close: () => void }) {
  const { t, term } = useSpeech();
  const { zone } = useFormat();
  const place = usePlace();
  const nameOf = useDeviceName();
  const client = useQueryClient();
  const [key] = useState(() => crypto.randomUUID());
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<UsagePointJson>();
  const [form] = Form.useForm<Values>();
  const best = device.candidates.find(({ choosable }) => choosable);
  const [utility, setUtility] = useState<Utility | undefined>(best?.utility ?? undefined);
  const points = useUsagePoints({ search, utility });
  const accept = useMutation({
    mutationFn: (values: Values) =>
      ask<AcceptedJson>(`/found-devices/${device.id}/accept`, {
        method: "POST",
        key,
        body: bodyOf(values, chosen, zone),
      }),
    onSuccess: () =>
      Promise.all(["found", "meters", "usagePoints"].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
  const unit = utility === undefined ? "" : unitText(OF[utility].unit);
  const needed = { required: true, message: t("tray.accept.missing") };
  const number = { pattern: DECIMAL, message: t("life.number.bad") };
  const chooseUtility = (value: Utility): void => {
    setUtility(value);
    setChosen(undefined);
    form.setFieldsValue({ capacityPerHour: OF[value].capacity });
    form.resetFields(["usagePointId"]);
  };
  return (
    <Drawer open title={t("tray.accept.title", { device: nameOf(device) })} onClose={close} size={460}>
      {accept.data !== undefined ? (
        <Result
          status="success"
          title={t("tray.accept.done", { serial: form.getFieldValue("serial") as string })}
          subTitle={
            accept.data.replayPending ? t("tray.pending") : t("tray.booked", { n: accept.data.replayedReadings })
          }
          extra={<Link to={`/meters/${accept.data.meterId}`}>{t("nav.meters")}</Link>}
        />
      ) : (
        <Form<Values>
          form={form}
          layout="vertical"
          onFinish={(values) => accept.mutate(values)}
          initialValues={{
            serial: device.deviceKey ?? "",
            profileId: best?.profileId,
            utility,
            at: localInZone(Date.parse(device.firstSeenAt), zone),
            ratio: "1",
            capacityPerHour: utility === undefined ? "" : OF[utility].capacity,
          }}
        >
          <Form.Item
            name="serial"
            label={t("tray.accept.serial")}
            rules={[needed, { pattern: /^\S{1,64}$/, message: t("tray.accept.serial.bad") }]}
          >
            <Input autoFocus data-testid="accept-serial" />
          </Form.Item>
          <Form.Item name="profileId" label={t("tray.accept.profile")} rules={[needed]}>
            <Select
              options={device.candidates
                .filter(({ choosable }) => choosable)
                .map(({ profileId, title }) => ({ value: profileId, label: `${title} · ${profileId}` }))}
            />
          </Form.Item>
          <Form.Item name="utility" label={t("tray.accept.utility")} rules={[needed]}>
            <Select<Utility>
              onChange={chooseUtility}
              data-testid="accept-utility"
              options={UTILITIES.filter((one) => best === undefined || best.utilities.includes(one)).map((one) => ({
                value: one,
                label: term("utility", one),
              }))}
            />
          </Form.Item>
          <Form.Item name="usagePointId" label={t("tray.accept.point")} rules={[needed]}>
            <Select
              showSearch={{ filterOption: false, onSearch: setSearch }}
              loading={points.isFetching}
              disabled={utility === undefined}
              placeholder={t("tray.accept.point.search")}
              notFoundContent={t("tray.accept.point.none")}
              onChange={(id: string) => setChosen(points.data?.items.find((point) => point.id === id))}
              data-testid="accept-point"
              options={(points.data?.items ?? []).map((point) => ({
                value: point.id,
                label: [
                  place(point),
                  point.account === null ? "" : point.account.name,
                  point.meter === null
                    ? t("tray.accept.point.free")
                    : t("tray.accept.point.taken", { serial: point.meter.serial }),
                ]
                  .filter((text) => text !== "")
                  .join(" · "),
              }))}
            />
          </Form.Item>
          {chosen?.meter == null ? null : (
            <>
              <Alert
                type="info"
                showIcon
                className="problem"
                title={t("tray.accept.replaces", { serial: chosen.meter.serial })}
              />
              <Form.Item
                name="final"
                label={t("tray.accept.final", { serial: chosen.meter.serial, unit })}
                extra={t("tray.accept.optional")}
                rules={[number]}
              >
                <Input inputMode="decimal" />
              </Form.Item>
            </>
          )}
          <Form.Item name="at" label={t("tray.accept.at", { zone })} rules={[needed]}>
            <Input type="datetime-local" data-testid="accept-at" />
          </Form.Item>
          <Form.Item
            name="initial"
            label={t("tray.accept.initial", { unit })}
            extra={t("tray.accept.optional")}
            rules={[number]}
          >
            <Input inputMode="decimal" data-testid="accept-initial" />
          </Form.Item>
          <Form.Item name="ratio" label={t("life.ratio")} rules={[needed, number]}>
            <Input inputMode="decimal" />
          </Form.Item>
          <Form.Item name="capacityPerHour" label={t("tray.accept.capacity", { unit })} rules={[needed, number]}>
            <Input inputMode="decimal" />
          </Form.Item>
          {accept.error === null ? null : <Refusal error={accept.error} />}
          <Button type="primary" htmlType="submit" loading={accept.isPending} data-testid="accept-go">
            {t("tray.accept")}
          </Button>
        </Form>
      )}
    </Drawer>
  );
}

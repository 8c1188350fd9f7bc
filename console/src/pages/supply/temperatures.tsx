import { Button, Form, Input, InputNumber, Segmented } from "antd";
import { useDayTemperatures, useNoteTemperature, type TemperatureBody } from "../../api/supply.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { ProblemNote } from "../../parts/problem.tsx";
import { localInZone } from "../../parts/zone-time.ts";
import { useFormat, useUser } from "../../shell/operator.tsx";
import { useNow } from "../../shell/town-clock.tsx";

const DAY_MS = 86_400_000;

/** How cold and hot days are foretold: on the days that a policy names nobody is cut. */
export function Temperatures() {
  const { t, term } = useSpeech();
  const { zone } = useFormat();
  const user = useUser();
  const now = useNow() ?? Date.now();
  const today = localInZone(now, zone).slice(0, 10);
  const days = useDayTemperatures(localInZone(now - 7 * DAY_MS, zone).slice(0, 10));
  return (
    <section className="supply-weather">
      <h3>{t("supply.weather")}</h3>
      <p className="quiet">{t("supply.weatherWhat")}</p>
      {user.role === "reader" ? null : <Note today={today} />}
      <Loaded query={days}>
        {(data) => (
          <ListTable
            rowKey="day"
            dataSource={data.items}
            pagination={false}
            empty={t("supply.weatherNone")}
            columns={[
              { title: t("supply.day"), dataIndex: "day", key: "day" },
              { title: t("supply.kind"), key: "kind", render: (_, d) => term("temperature", d.kind) },
              { title: t("supply.low"), key: "low", align: "right", render: (_, d) => `${d.lowC} °C` },
              { title: t("supply.high"), key: "high", align: "right", render: (_, d) => `${d.highC} °C` },
              { title: t("supply.source"), dataIndex: "source", key: "source" },
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}

function Note({ today }: { today: string }) {
  const { t, term } = useSpeech();
  const [form] = Form.useForm<TemperatureBody>();
  const note = useNoteTemperature();
  return (
    <>
      {note.error === null ? null : <ProblemNote error={note.error} />}
      <Form<TemperatureBody>
        form={form}
        layout="inline"
        className="filters"
        initialValues={{ day: today, kind: "forecast" }}
        onFinish={(said) => note.mutate(said)}
      >
        <Form.Item name="day" rules={[{ required: true }]}>
          <Input type="date" aria-label={t("supply.day")} />
        </Form.Item>
        <Form.Item name="kind">
          <Segmented
            options={(["forecast", "measured"] as const).map((value) => ({ value, label: term("temperature", value) }))}
          />
        </Form.Item>
        <Form.Item name="lowC" rules={[{ required: true }]}>
          <InputNumber min={-90} max={60} step={1} precision={1} placeholder={t("supply.low")} suffix="°C" />
        </Form.Item>
        <Form.Item name="highC" rules={[{ required: true }]}>
          <InputNumber min={-90} max={60} step={1} precision={1} placeholder={t("supply.high")} suffix="°C" />
        </Form.Item>
        <Form.Item name="source" rules={[{ required: true, min: 3, whitespace: true }]}>
          <Input maxLength={300} placeholder={t("supply.source")} />
        </Form.Item>
        <Button htmlType="submit" loading={note.isPending}>
          {t("supply.note")}
        </Button>
      </Form>
    </>
  );
}

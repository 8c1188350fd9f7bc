import { Card, Form, Input, InputNumber, Select, Space } from "antd";
import { useState } from "react";
import type { BillingCyclesJson, CycleChangeJson } from "../../../../api/schemas/billing-cycle.ts";
import { ask } from "../../api/client.ts";
import { useAccounts, useRoutes } from "../../api/queries.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { ListTable } from "../../parts/list-table.tsx";
import { Loaded } from "../../parts/loaded.tsx";
import { Say } from "../../parts/say.tsx";
import { useCycles } from "./queries.ts";

type Cycle = BillingCyclesJson["items"][number];
const MONTHS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] as const;

/** `1月` or `January`, as the language writes it. */
function useMonthName() {
  const { language } = useSpeech();
  return (month: number): string =>
    new Intl.DateTimeFormat(language === "zh" ? "zh-CN" : "en-GB", { month: "long", timeZone: "UTC" }).format(
      new Date(Date.UTC(2026, month - 1, 15)),
    );
}

/** How often accounts are billed, when their dials are read and their bills go out, and who is in which cycle. */
export function Cycles({ mayChange }: { mayChange: boolean }) {
  const { t, language } = useSpeech();
  const cycles = useCycles();
  const monthName = useMonthName();
  return (
    <Card size="small" title={t("settings.tab.cycles")} extra={mayChange ? <NewCycle /> : null}>
      <p className="lead">{t("cycle.lead")}</p>
      <Loaded query={cycles} isEmpty={({ items }) => items.length === 0} empty={t("cycle.none")}>
        {({ items }) => (
          <ListTable<Cycle>
            rowKey="code"
            dataSource={items}
            empty={t("cycle.none")}
            pagination={false}
            columns={[
              {
                title: t("cycle.title"),
                render: (_, one) => (
                  <>
                    {language === "zh" ? one.titleZh : one.titleEn} <code className="quiet">{one.code}</code>
                  </>
                ),
              },
              {
                title: t("cycle.months"),
                render: (_, one) => t("cycle.everyMonths", { n: one.months, month: monthName(one.anchorMonth) }),
              },
              {
                title: t("cycle.convention"),
                render: (_, one) => t("cycle.days", { reading: one.readingDay, issue: one.issueDay }),
              },
              { title: t("cycle.accounts"), align: "right", render: (_, one) => one.accounts },
              ...(mayChange
                ? [
                    {
                      title: "",
                      render: (_: unknown, one: Cycle) => (
                        <Space wrap>
                          <Convention cycle={one} />
                          <Members cycle={one} />
                        </Space>
                      ),
                    },
                  ]
                : []),
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}

type NewFields = { code: string; titleZh: string; titleEn: string; months: number; anchorMonth: number };

function NewCycle() {
  const { t } = useSpeech();
  const monthName = useMonthName();
  const required = [{ required: true, whitespace: true, message: t("closing.required") }];
  return (
    <Say<NewFields>
      open={t("cycle.new")}
      title={t("cycle.new")}
      note={t("cycle.new.note")}
      initial={{ months: 2, anchorMonth: 1 }}
      send={(body) => ask("/billing-cycles", { method: "POST", body })}
      stale={["cycles"]}
      testId="new-cycle"
    >
      <Form.Item
        name="code"
        label={t("cycle.code")}
        extra={t("cycle.code.hint")}
        rules={[{ required: true, pattern: /^[a-z][a-z0-9_-]{0,39}$/, message: t("cycle.code.hint") }]}
      >
        <Input autoFocus data-testid="cycle-code" />
      </Form.Item>
      <Form.Item name="titleZh" label={t("cycle.titleZh")} rules={required}>
        <Input maxLength={100} data-testid="cycle-zh" />
      </Form.Item>
      <Form.Item name="titleEn" label={t("cycle.titleEn")} rules={required}>
        <Input maxLength={100} data-testid="cycle-en" />
      </Form.Item>
      <Form.Item name="months" label={t("cycle.months")}>
        <Select options={[1, 2, 3].map((n) => ({ value: n, label: t("cycle.nMonths", { n }) }))} />
      </Form.Item>
      <Form.Item name="anchorMonth" label={t("cycle.anchor")}>
        <Select options={MONTHS.map((month) => ({ value: month, label: monthName(month) }))} />
      </Form.Item>
    </Say>
  );
}

function Convention({ cycle }: { cycle: Cycle }) {
  const { t } = useSpeech();
  const { code, readingDay, issueDay } = cycle;
  return (
    <Say<{ readingDay: number; issueDay: number }>
      open={t("cycle.convention.change")}
      title={t("cycle.convention")}
      note={t("cycle.convention.note")}
      initial={{ readingDay, issueDay }}
      send={(body) => ask(`/billing-cycles/${code}/convention`, { method: "POST", body })}
      stale={["cycles"]}
      testId={`convention-${code}`}
    >
      <Form.Item name="readingDay" label={t("cycle.readingDay")} rules={[{ required: true }]}>
        <InputNumber min={1} max={28} precision={0} data-testid="reading-day" />
      </Form.Item>
      <Form.Item
        name="issueDay"
        label={t("cycle.issueDay")}
        dependencies={["readingDay"]}
        rules={[
          { required: true },
          ({ getFieldValue }) => ({
            validator: (_, day: number) =>
              day >= Number(getFieldValue("readingDay"))
                ? Promise.resolve()
                : Promise.reject(new Error(t("cycle.issueDay.late"))),
          }),
        ]}
      >
        <InputNumber min={1} max={28} precision={0} data-testid="issue-day" />
      </Form.Item>
    </Say>
  );
}

type MemberFields = {
  month: string;
  by: "building" | "route" | "accounts";
  building?: string;
  route?: string;
  accounts?: string[];
};

/** Brings accounts, a building or a walk of readings to a cycle; those that have a bill for the day are named. */
function Members({ cycle }: { cycle: Cycle }) {
  const { t } = useSpeech();
  const routes = useRoutes();
  const [search, setSearch] = useState("");
  const found = useAccounts({ search, page: 1, pageSize: 20 });
  const need = [{ required: true, message: t("closing.required") }];
  const membersOf = ({ by, building = "", route = "", accounts = [] }: MemberFields) =>
    by === "building" ? { building } : by === "route" ? { routeId: route } : { accountIds: accounts };
  return (
    <Say<MemberFields>
      open={t("cycle.members")}
      title={t("cycle.members.title", { code: cycle.code })}
      note={t("cycle.members.note")}
      initial={{ by: "building" }}
      send={(fields) =>
        ask<CycleChangeJson>(`/billing-cycles/${cycle.code}/accounts`, {
          method: "POST",
          body: { fromDay: `${fields.month}-01`, members: membersOf(fields) },
        })
      }
      after={(answer) => {
        const { noted, already, billed } = answer as CycleChangeJson;
        const stayed = billed.length === 0 ? "" : ` ${t("cycle.members.billed", { numbers: billed.join(", ") })}`;
        return t("cycle.members.done", { noted, already }) + stayed;
      }}
      stale={["cycles", "accountCycles"]}
      testId={`members-${cycle.code}`}
    >
      <Form.Item
        name="month"
        label={t("cycle.from")}
        rules={[{ required: true, pattern: /^\d{4}-\d\d$/, message: t("cycle.from.missing") }]}
      >
        <Input type="month" style={{ maxWidth: 220 }} data-testid="members-month" />
      </Form.Item>
      <Form.Item name="by" label={t("cycle.members.by")}>
        <Select
          options={(["building", "route", "accounts"] as const).map((value) => ({
            value,
            label: t(`cycle.members.${value}`),
          }))}
        />
      </Form.Item>
      <Form.Item noStyle dependencies={["by"]}>
        {({ getFieldValue }) => {
          const by: unknown = getFieldValue("by");
          if (by === "building")
            return (
              <Form.Item name="building" label={t("cycle.members.building")} rules={need}>
                <Select
                  showSearch
                  loading={routes.isPending}
                  options={(routes.data?.buildings ?? []).map((value) => ({ value, label: value }))}
                  data-testid="members-building"
                />
              </Form.Item>
            );
          if (by === "route")
            return (
              <Form.Item name="route" label={t("cycle.members.route")} rules={need}>
                <Select
                  loading={routes.isPending}
                  notFoundContent={t("cycle.noRoutes")}
                  options={(routes.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
                />
              </Form.Item>
            );
          return (
            <Form.Item name="accounts" label={t("cycle.members.accounts")} rules={need}>
              <Select
                mode="multiple"
                showSearch
                filterOption={false}
                onSearch={setSearch}
                options={(found.data?.items ?? []).map(({ id, number, name }) => ({
                  value: id,
                  label: `${number} ${name}`,
                }))}
              />
            </Form.Item>
          );
        }}
      </Form.Item>
    </Say>
  );
}

import { Button, Dropdown, Layout, Menu, type MenuProps, Segmented, Tag, Tooltip } from "antd";
import { type ReactNode, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useLocation } from "react-router-dom";
import type { Role } from "../../../api/schemas/session.ts";
import { ask } from "../api/client.ts";
import { useLive } from "../api/live.tsx";
import { useSpeech } from "../i18n/language.tsx";
import type { Language } from "../i18n/texts.ts";
import { NavIcon } from "./nav-icon.tsx";
import { useFormat, useUser } from "./operator.tsx";
import { PLACES } from "./places.ts";
import { useNow } from "./town-clock.tsx";

export const mayTakePayments = (role: Role): boolean => role !== "reader";

export function LanguageSwitch() {
  const { language, setLanguage, t } = useSpeech();
  return (
    <Segmented<Language>
      size="small"
      aria-label={t("language.label")}
      data-testid="language"
      value={language}
      onChange={setLanguage}
      options={[
        { value: "zh", label: "中文" },
        { value: "en", label: "English" },
      ]}
    />
  );
}

export function Brand({ small = false }: { small?: boolean }) {
  const { t } = useSpeech();
  return (
    <span className="brand">
      <img src="/sanbiao.svg" alt="" width="26" height="26" />
      {small ? null : <b>{t("app.name")}</b>}
    </span>
  );
}

function LiveSign() {
  const live = useLive();
  const { t } = useSpeech();
  return (
    <Tooltip title={t(`live.${live}.hint`)}>
      <span className={`live live-${live}`} role="status" data-testid="live" data-state={live}>
        <i aria-hidden="true" />
        {t(`live.${live}`)}
      </span>
    </Tooltip>
  );
}

function TownTime() {
  const now = useNow();
  const format = useFormat();
  const { t } = useSpeech();
  if (now === null) return null;
  return (
    <Tooltip title={t("time.hint", { zone: format.zone })}>
      <time className="town-time" dateTime={new Date(now).toISOString()}>
        {format.dayClock(new Date(now).toISOString())}
      </time>
    </Tooltip>
  );
}

function UserMenu() {
  const me = useUser();
  const client = useQueryClient();
  const { t, term } = useSpeech();
  const signOut = async () => {
    await ask("/sign-out", { method: "POST" }).catch(() => undefined);
    client.clear();
    client.setQueryData(["me"], null);
  };
  return (
    <Dropdown
      trigger={["click"]}
      menu={{ items: [{ key: "out", label: t("signIn.out"), onClick: () => void signOut() }] }}
    >
      <Button type="text" data-testid="user-menu">
        {me.name} <Tag className="role">{term("role", me.role)}</Tag>
      </Button>
    </Dropdown>
  );
}

/** What stays around every page: places on the left, operator, time, stream and person above. */
export function Frame({ children }: { children: ReactNode }) {
  const { t, language } = useSpeech();
  const me = useUser();
  const { pathname } = useLocation();
  const [narrow, setNarrow] = useState(false);
  const places = PLACES.flatMap((group) => group.places);
  const place = places.findLast((p) => pathname === p.path || pathname.startsWith(`${p.path}/`)) ?? null;
  return (
    <Layout className="frame">
      <Layout.Sider
        width={196}
        collapsedWidth={56}
        breakpoint="lg"
        collapsed={narrow}
        onCollapse={setNarrow}
        collapsible
        className="no-print"
      >
        <Link to="/" className="brand-link" aria-label={t("app.name")}>
          <Brand small={narrow} />
        </Link>
        <Menu
          theme="dark"
          mode="inline"
          selectedKeys={place === null ? [] : [place.path]}
          items={PLACES.flatMap((group): NonNullable<MenuProps["items"]> => {
            const items = group.places
              .filter((p) => p.roles.includes(me.role))
              .map((p) => ({
                key: p.path,
                icon: <NavIcon name={p.name} />,
                label: <Link to={p.path}>{t(`nav.${p.name}`)}</Link>,
              }));
            if (items.length === 0) return [];
            return narrow
              ? items
              : [{ key: group.name, type: "group" as const, label: t(`nav.group.${group.name}`), children: items }];
          })}
        />
      </Layout.Sider>
      <Layout>
        <Layout.Header className="header no-print">
          <b className="operator">{language === "zh" ? me.operator.nameZh : me.operator.nameEn}</b>
          <TownTime />
          <LiveSign />
          <span className="grow" />
          <LanguageSwitch />
          <UserMenu />
        </Layout.Header>
        <Layout.Content className="content">{children}</Layout.Content>
      </Layout>
    </Layout>
  );
}

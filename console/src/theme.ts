import type { ThemeConfig } from "antd";

/** One colour per utility, the same in charts, marks and tables; `soft` lies under text, `deep` is read on white (contrast ≥ 4.5). */
export const UTILITY_COLOURS = {
  electricity: { main: "#e3a008", soft: "#fdf6e0", deep: "#8a6100" },
  gas: { main: "#e4572e", soft: "#fdece6", deep: "#b03a17" },
  water: { main: "#2f8fdc", soft: "#e6f2fc", deep: "#1766a8" },
  heat: { main: "#b0497a", soft: "#f9e9f1", deep: "#8c2f5d" },
} as const;

/** As a bill lists them. */
export const UTILITY_ORDER: readonly string[] = ["electricity", "water", "gas", "heat"];

export const INK = {
  text: "#1c2b36",
  quiet: "#5b6b78",
  line: "#dde4ea",
  ground: "#f3f6f8",
  brand: "#14506e",
  good: "#1f9d61",
  bad: "#cf3a2c",
  warn: "#b97a00",
} as const;

/** The machine's own Chinese font where it has one, else Noto Sans SC, which is served with these pages. */
export const FONT = `"PingFang SC", "Microsoft YaHei UI", "Microsoft YaHei", "HarmonyOS Sans SC", "Noto Sans SC", system-ui, sans-serif`;

export const theme: ThemeConfig = {
  token: {
    colorPrimary: INK.brand,
    colorInfo: INK.brand,
    // The soft shades that antd derives from a dark primary are grey: these are meant.
    colorPrimaryBg: "#e6f1f6",
    colorPrimaryBgHover: "#d4e7f0",
    colorPrimaryBorder: "#a9cbdb",
    colorInfoBg: "#e6f1f6",
    colorInfoBorder: "#a9cbdb",
    colorSuccessBg: "#e7f6ee",
    colorSuccessBorder: "#a8dcc0",
    colorErrorBg: "#fdecea",
    colorErrorBorder: "#f4b8b0",
    colorLink: "#17698f",
    colorText: INK.text,
    colorTextSecondary: INK.quiet,
    colorSuccess: INK.good,
    colorError: INK.bad,
    colorWarning: "#d48806",
    colorBgLayout: INK.ground,
    colorBorderSecondary: INK.line,
    borderRadius: 6,
    fontFamily: FONT,
    fontSize: 14,
  },
  components: {
    Layout: { headerBg: "#ffffff", headerHeight: 52, siderBg: "#10384e" },
    Menu: { darkItemBg: "#10384e", darkItemSelectedBg: "#1c5b7c", darkSubMenuItemBg: "#10384e", itemHeight: 38 },
    Card: { bodyPadding: 16, bodyPaddingSM: 12, headerHeight: 44, headerFontSize: 15 },
    Table: { cellPaddingBlockSM: 6, headerBg: "#f5f8fa" },
    Statistic: { contentFontSize: 22 },
  },
};

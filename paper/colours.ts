import type { PaperUtility } from "./bill-sheet.ts";

/** The same colours as in the console: a customer at the counter and the clerk see one picture. */
export const UTILITY_COLOURS: Record<PaperUtility, { main: string; soft: string; deep: string }> = {
  electricity: { main: "#e3a008", soft: "#fdf6e0", deep: "#8a6100" },
  gas: { main: "#e4572e", soft: "#fdece6", deep: "#b03a17" },
  water: { main: "#2f8fdc", soft: "#e6f2fc", deep: "#1766a8" },
  heat: { main: "#b0497a", soft: "#f9e9f1", deep: "#8c2f5d" },
  other: { main: "#6b7a86", soft: "#eef1f4", deep: "#44525e" },
};

import type { TablePaginationConfig } from "antd";
import { useSpeech } from "../i18n/language.tsx";
import type { UrlFilter } from "./url-filter.ts";

/** The foot of a table whose pages the service cuts. */
export function usePages(filter: UrlFilter, total: number): TablePaginationConfig {
  const { t } = useSpeech();
  return {
    current: filter.page,
    pageSize: filter.pageSize,
    total,
    size: "small",
    showSizeChanger: total > 20,
    pageSizeOptions: [20, 50, 100, 200],
    hideOnSinglePage: total <= 20,
    showTotal: (n) => t("table.total", { n }),
    onChange: (page, pageSize) => filter.set({ page, pageSize }),
  };
}

import { Select, type SelectProps } from "antd";
import type { UrlFilter } from "./url-filter.ts";

/** One filter of a list, kept in the address under `name`; empty stands for `all`. */
export function FilterSelect({
  filter,
  name,
  all,
  value = filter.get(name) || null,
  className = "filter",
  ...select
}: {
  filter: UrlFilter;
  name: string;
  all: string;
} & Pick<SelectProps<string | null>, "options" | "value" | "className" | "showSearch">) {
  return (
    <Select<string | null>
      aria-label={all}
      placeholder={all}
      allowClear
      className={className}
      value={value}
      onChange={(chosen) => filter.set({ [name]: chosen })}
      {...select}
    />
  );
}

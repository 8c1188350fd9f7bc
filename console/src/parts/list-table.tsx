import { Table, type TableProps } from "antd";
import type { ReactNode } from "react";

/** A list of the service as all pages show one: rows by their id, close together, scrolled sideways where the screen is narrow. */
export function ListTable<Row extends object>({ empty, ...table }: TableProps<Row> & { empty: ReactNode }) {
  return <Table<Row> rowKey="id" size="small" scroll={{ x: "max-content" }} locale={{ emptyText: empty }} {...table} />;
}

import type { ReactNode } from "react";

export function PageTitle({ title, note, children }: { title: ReactNode; note?: ReactNode; children?: ReactNode }) {
  return (
    <div className="page-title no-print">
      <h1>{title}</h1>
      {note === undefined ? null : <span className="quiet">{note}</span>}
      <span className="grow" />
      {children}
    </div>
  );
}

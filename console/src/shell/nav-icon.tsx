const STROKES = {
  overview: "M3 13.5a7 7 0 1 1 14 0M10 13.5l3.5-4.5",
  meters: "M4 3h12v14H4zM7 6h6v4H7zM7.5 13.5h.01M12.5 13.5h.01",
  balances: "M10 3v14M5 17h10M4 6h12M4 6l-2 5h4zM16 6l-2 5h4z",
  accounts: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3.5 17c.5-3.5 3-5 6.5-5s6 1.5 6.5 5",
  counter: "M3 6h14v9H3zM3 9h14M6 12.5h3",
  shifts: "M3 10h14v6.5H3zM6 10V4h8v6M8 6.5h4M8.5 13.2h3",
  channels: "M6 2.5h8v15H6zM8.5 15h3M3 8h3M14 8h3M3 8l1.5-1.5M17 8l-1.5 1.5",
  prepaid: "M10 3v7M6 5.5a6.5 6.5 0 1 0 8 0",
  routes:
    "M5 16.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 14.5h6a2.5 2.5 0 0 0 0-5H7a2.5 2.5 0 0 1 0-5h5.5M15 6.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  moves: "M3 9.5 10 4l7 5.5M5 8.5V16h10V8.5M8 12.5h5M11 10.5l2 2-2 2",
  notices: "M3 5h14v10H3zM3 5.5l7 5.5 7-5.5",
  bills: "M5 2.5h10v15l-2.5-1.5-2.5 1.5-2.5-1.5L5 17.5zM8 7h4M8 10.5h4",
  runs: "M16.5 10a6.5 6.5 0 1 1-2-4.7M16.5 3v3.5H13",
  exceptions: "M5 2.5h10v9M5 2.5v15l2.5-1.5 2 1.2M8 7h4M14.5 13v2.5M14.5 17.5v.01",
  billingSettings:
    "M3 5h8M15 5h2M13 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM3 10h2M9 10h8M7 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM3 15h8M15 15h2M13 17a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  tariffs: "M3 16h3.5v-4H10V8h3.5V4H17M3 16.5h14",
  rebill: "M4 2.5h9v6M4 2.5v15l2.5-1.5 2 1.2M7 6.5h4M16.5 13.5a3.5 3.5 0 1 1-1-2.4M16.5 9v2.5H14",
  whatIf: "M3 16V8M7.5 16v-5M12 16V4M16.5 16v-7M2 16.5h16",
  buses: "M3 5h14M3 15h14M6 5v10M10 5v10M14 5v10",
  calibrations: "M4 3h12v14H4zM7 10l2.2 2.2L13.5 8M7 5.5h6",
  work: "M7 5h9M7 10h9M7 15h9M3.5 5l.8.8L6 4M3.5 10l.8.8L6 9M3.5 15l.8.8L6 14",
  gaps: "M2 10h5M13 10h5M8.5 6.5v7M11.5 6.5v7",
  onboarding: "M3 11v5.5h14V11M3 11h4l1 2.5h4L13 11h4M10 2.5v6M7 6l3 3 3-3",
  refused: "M10 3 18 17H2zM10 8v4M10 14.5v.01",
} as const;
export type NavName = keyof typeof STROKES;

export function NavIcon({ name }: { name: NavName }) {
  return (
    <svg viewBox="0 0 20 20" width="17" height="17" aria-hidden="true" className="nav-icon">
      <path
        d={STROKES[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

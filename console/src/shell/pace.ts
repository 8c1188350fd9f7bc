/** One look at two clocks: this machine's and the service's. */
export type Tick = { readonly wall: number; readonly town: number };
/** How fast the service's time runs, from two looks at it: 1 in daily life, more in a demo town. */
export function paceOf(first: Tick, last: Tick): number {
  const wall = last.wall - first.wall;
  return wall < 4_000 ? 1 : Math.max(0, (last.town - first.town) / wall);
}

import type { History } from "./bill-sheet.ts";

/** One month in the chart's own square: `x`, `width` and `height` are shares of 1, from the left and from the ground up. */
export type Bar = {
  readonly x: number;
  readonly width: number;
  /** 0 in a month that no bill covers, and where nothing was used. */
  readonly height: number;
  /** Number of the month. */
  readonly label: string;
  readonly billed: boolean;
  readonly estimated: boolean;
  /** This bill's own month. */
  readonly own: boolean;
};
export type UseChart = { readonly bars: readonly Bar[]; readonly top: bigint };

/** Share of a month's place that its bar takes. Our choice. */
const BAR_SHARE = 0.64;

/** Twelve bars over one ground; a settled month may come out below zero and then stands without height. */
export function useChartOf({ months }: History): UseChart {
  const top = months.reduce((most, { quantity }) => (quantity !== null && quantity > most ? quantity : most), 0n);
  const place = 1 / months.length;
  return {
    top,
    bars: months.map(({ month, quantity, estimated }, i) => ({
      x: i * place + (place * (1 - BAR_SHARE)) / 2,
      width: place * BAR_SHARE,
      // thousandths of the height are finer than print
      height: quantity === null || top === 0n || quantity <= 0n ? 0 : Number((quantity * 1000n) / top) / 1000,
      label: String(Number(month.slice(5))),
      billed: quantity !== null,
      estimated,
      own: i === months.length - 1,
    })),
  };
}

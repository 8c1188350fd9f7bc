import { QUIET_ZONE, qrModules } from "../qr-modules.ts";
import { box, COLOURS, type Stroke } from "./pen.ts";

/** As one filled path of squares on white, quiet zone included. */
export function qrStrokes(content: string, x: number, y: number, size: number): Stroke[] {
  const code = qrModules(content);
  const step = size / (code.size + 2 * QUIET_ZONE);
  return [
    box(x, y, size, size, COLOURS.white),
    (pdf) => {
      for (let row = 0; row < code.size; row++)
        for (let column = 0; column < code.size; column++) {
          if (!code.dark(row, column)) continue;
          let run = 1;
          while (column + run < code.size && code.dark(row, column + run)) run++;
          pdf.rect(x + (column + QUIET_ZONE) * step, y + (row + QUIET_ZONE) * step, run * step, step);
          column += run;
        }
      pdf.fill("#000000");
    },
  ];
}

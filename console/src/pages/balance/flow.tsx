import type { BalanceFiguresJson } from "../../../../api/schemas/balance.ts";
import { useSpeech } from "../../i18n/language.tsx";
import { useFormat } from "../../shell/operator.tsx";
import { FLOWS, type FlowName, OVER_COLOUR, sizeOf } from "./figures.ts";
import "./balance.css";

/** What a screen reader hears of a picture of the balance. */
function useFlowLabel(figures: BalanceFiguresJson): string {
  const { t } = useSpeech();
  const format = useFormat();
  const [master, sub, common, loss, residue] = (["master", "sub", "common", "loss", "residue"] as const).map((name) =>
    format.quantity(figures[name], 1),
  );
  return t("balance.flow", {
    master: master ?? "",
    sub: sub ?? "",
    common: common ?? "",
    loss: loss ?? "",
    residue: residue ?? "",
  });
}

/** Residue below zero is no part of the master: the bar is then as long as what the parts counted. */
const drawn = (figures: BalanceFiguresJson) => {
  const parts = FLOWS.map(({ name, colour }) => ({ name, colour, size: Math.max(0, sizeOf(figures, name)) }));
  return { parts, whole: parts.reduce((sum, { size }) => sum + size, 0) || 1 };
};

/** One line that is as long as the master, cut where its units went. */
export function BalanceBar({ figures }: { figures: BalanceFiguresJson }) {
  const label = useFlowLabel(figures);
  const { parts, whole } = drawn(figures);
  return (
    <div className="balance-bar" role="img" aria-label={label}>
      {parts.map(({ name, colour, size }) => (
        <i key={name} style={{ width: `${(size / whole) * 100}%`, background: colour }} />
      ))}
    </div>
  );
}

const HEIGHT = 210;
const WIDTH = 420;
const NODE = 14;
const GAP = 16;
/** A ribbon is at least so thick that one sees it, and its words have room. */
const LEAST = 3;
const WORDS = 34;

/** Ribbons from the master on the left to where its units went on the right. */
function Ribbons({ figures }: { figures: BalanceFiguresJson }) {
  const { parts, whole } = drawn(figures);
  const shown = parts.filter(({ size }) => size > 0);
  const room = HEIGHT - GAP * Math.max(0, shown.length - 1);
  let left = 0;
  let right = 0;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="balance-ribbons" aria-hidden="true" preserveAspectRatio="none">
      <rect x={0} y={0} width={NODE} height={Math.max(LEAST, room)} rx={2} fill="#1c2b36" />
      {shown.map(({ name, colour, size }) => {
        const thick = Math.max(LEAST, (size / whole) * room);
        const [a, b] = [left, right];
        left += (size / whole) * room;
        right += thick + GAP;
        const middle = WIDTH / 2;
        const path = `M${NODE} ${a}C${middle} ${a} ${middle} ${b} ${WIDTH - NODE} ${b}V${b + thick}C${middle} ${b + thick} ${middle} ${a + thick} ${NODE} ${a + thick}Z`;
        return (
          <g key={name}>
            <path d={path} fill={colour} opacity={0.45} />
            <rect x={WIDTH - NODE} y={b} width={NODE} height={thick} rx={2} fill={colour} />
          </g>
        );
      })}
    </svg>
  );
}

function FlowWord({ figures, name, colour }: { figures: BalanceFiguresJson; name: FlowName; colour: string }) {
  const { t } = useSpeech();
  const format = useFormat();
  const isOver = name === "residue" && sizeOf(figures, "residue") < 0;
  const whole = Number(figures.master.value);
  const percent =
    name === "loss"
      ? figures.lossPercent
      : name === "residue"
        ? figures.residuePercent
        : whole > 0
          ? ((sizeOf(figures, name) / whole) * 100).toFixed(2)
          : null;
  return (
    <li style={{ minHeight: WORDS }}>
      <i style={{ background: isOver ? OVER_COLOUR : colour }} />
      <span>{t(isOver ? "balance.over" : `balance.${name}`)}</span>
      <b className={isOver ? "amount debt" : "amount"}>{format.quantity(figures[name], 2)}</b>
      {percent === null ? null : (
        <span className="quiet amount">{t("balance.ofMaster", { percent: format.number(percent, 2) })}</span>
      )}
    </li>
  );
}

/** Master → flats, common use, loss and residue, as ribbons and in words. */
export function BalanceFlow({ figures }: { figures: BalanceFiguresJson }) {
  const { t } = useSpeech();
  const format = useFormat();
  const label = useFlowLabel(figures);
  return (
    <div className="balance-flow" role="group" aria-label={label}>
      <div className="balance-master">
        <span className="quiet">{t("balance.master")}</span>
        <b>{format.quantity(figures.master, 2)}</b>
        <span className="quiet">{t(`usageBasis.${figures.basis}`)}</span>
        {Number(figures.estimated.value) === 0 ? null : (
          <span className="quiet">{t("balance.estimated", { quantity: format.quantity(figures.estimated, 2) })}</span>
        )}
      </div>
      <Ribbons figures={figures} />
      <ul className="balance-words">
        {FLOWS.map(({ name, colour }) => (
          <FlowWord key={name} figures={figures} name={name} colour={colour} />
        ))}
      </ul>
    </div>
  );
}

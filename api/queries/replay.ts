import type { ReplayedPoint } from "../../billing/rebill/compare.ts";

import { isNothing, rebillOf } from "../../billing/rebill/decide.ts";
import { rebillLimit, replayFrom } from "../../billing/rebill/limit.ts";
import { replayAccounts } from "../../billing/rebill/replay.ts";
import { lastCorrections } from "../../ledger/corrections.ts";
import { CodedError } from "../../domain/errors.ts";
import { decimalText } from "../../domain/quantity.ts";
import { billBooks } from "../bill-books.ts";
import { dayText, type Desk, moneyOf } from "../desk.ts";
import type { AccountReplayJson } from "../schemas/replay.ts";

/** What the issued bills of one account would come to by what is known now. Nothing is written. */
export async function accountReplay(desk: Desk, id: bigint, from: string | undefined): Promise<AccountReplayJson> {
  const account = await desk.trx
    .selectFrom("account")
    .select(["number", "name"])
    .where("operator_id", "=", desk.operatorId)
    .where("id", "=", id)
    .executeTakeFirst();
  if (account === undefined) throw new CodedError("request.not-found", `There is no account ${id}.`);
  const first = replayFrom(await rebillLimit(desk.trx, desk.now, desk.zone), from, desk.zone);
  const [replay] = await replayAccounts(desk.trx, [id], first, billBooks);
  const bills = replay?.bills ?? [];
  const last = (await lastCorrections(desk.trx, [id])).get(id) ?? null;
  const rebill = replay === undefined ? null : rebillOf(replay, last);
  return {
    accountId: String(id),
    ...account,
    from: dayText(desk, first),
    difference: moneyOf(desk, replay?.differenceMinor ?? 0n),
    posted: false,
    digest: rebill === null || isNothing(rebill) ? null : rebill.digest,
    postable: moneyOf(desk, rebill?.totalMinor ?? 0n),
    bills: bills.map((bill) => ({
      id: String(bill.billId),
      number: bill.number,
      periodFrom: dayText(desk, bill.period.from),
      periodTo: dayText(desk, bill.period.to),
      difference: moneyOf(desk, bill.differenceMinor),
      points: bill.points.map((point) => pointOf(desk, point)),
    })),
  };
}

function pointOf(desk: Desk, point: ReplayedPoint): AccountReplayJson["bills"][number]["points"][number] {
  const { kind } = point;
  const told = { usagePointId: String(point.usagePointId), kind, detail: [], lines: [] };
  switch (kind) {
    case "true_up_open":
      return told;
    case "in_doubt":
      return { ...told, detail: [...point.doubts] };
    case "cannot_rate":
      return { ...told, detail: [point.detail] };
    case "compared":
      return {
        ...told,
        lines: point.differences.map(({ key, line, billed, amount, quantity }) => ({
          key,
          titleZh: line.title.zh,
          titleEn: line.title.en,
          tier: line.tier ?? null,
          tou: line.tou ?? null,
          billed: moneyOf(desk, billed?.amount ?? 0n),
          shouldBe: moneyOf(desk, (billed?.amount ?? 0n) + amount),
          difference: moneyOf(desk, amount),
          quantity: decimalText(quantity),
          unit: line.unit ?? null,
        })),
      };
  }
}

import type { holdEn } from "./hold-en.ts";

/** 出账前的待办。 */
export const holdZh: Record<keyof typeof holdEn, string> = {
  "nav.exceptions": "出账异常",
  "hold.title": "出账之前",
  "hold.open": "待处理",
  "hold.released": "已放行",
  "hold.none": "没有待处理的账单。被规则或人工扣住的账单会带着金额列在这里，直到有人放行。",
  "hold.period": "账期",
  "hold.figures": "拟出金额",
  "hold.last": "上期",
  "hold.noLast": "首期账单",
  "hold.differs": "实际出账",
  "hold.note": "备注：{note}",
  "hold.release": "放行 {n} 张",
  "hold.work": "转处理 {n} 张",
  "hold.done": "已处理 {n} 张",
  "hold.more": "另有 {n} 条。",
  "hold.reason.high": "为上期的 {value}%（高于 {threshold}%）",
  "hold.reason.low": "为上期的 {value}%（低于 {threshold}%）",
  "hold.reason.first": "首期账单",
  "hold.reason.zero_use": "用量为零",
  "hold.reason.estimated": "连续估抄 {value} 次（{threshold} 次起）",
  "hold.reason.total_above": "金额 {value}（高于 {threshold}）",
  "hold.reason.negative": "金额为负：{value}",
  "hold.reason.by_hand": "人工扣住：{text}",
};

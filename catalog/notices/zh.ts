import type { NoticeTemplates } from "./template.ts";

/** 用语参照供电营业规则：先告知余额，再告知时间和办法。 */
export const noticesZh: NoticeTemplates = {
  supply_warning_1: {
    subject: "余额提醒：可用余额 {available}",
    sentences: [
      "户号 {account} 截至 {readAt} 可用余额 {available}。",
      "按近期用量约可用 {daysLeft}。",
      "请及时缴费，以免影响使用。",
    ],
  },
  supply_warning_2: {
    subject: "余额不足：可用余额 {available}",
    sentences: [
      "户号 {account} 截至 {readAt} 可用余额仅 {available}。",
      "按近期用量约可用 {daysLeft}。",
      "可用余额低于 {cutBelow} 时将按规定停止供应。",
      "请尽快缴费。",
    ],
  },
  supply_cut_notice: {
    subject: "停供通知：最早 {cutNotBefore}",
    sentences: [
      "户号 {account}（{address}）可用余额 {available}，已欠费。",
      "如未缴费，最早将于 {cutNotBefore} 停止供应。",
      "至少缴纳 {payAtLeast} 可避免停供。",
      "缴费到账后停供自动取消；如有异议或困难，请在此之前联系{operator}。",
    ],
  },
  supply_cut_second_notice: {
    subject: "停供再次通知：最早 {cutNotBefore}",
    sentences: [
      "这是第二次通知：户号 {account}（{address}）可用余额 {available}，仍欠费。",
      "如未缴费，最早将于 {cutNotBefore} 停止供应。",
      "至少缴纳 {payAtLeast} 可避免停供。",
      "缴费到账后停供自动取消；如有异议或困难，请立即联系{operator}。",
    ],
  },
  supply_cut_done: {
    subject: "已停止供应：户号 {account}",
    sentences: [
      "户号 {account}（{address}）因欠费已于 {cutAt} 停止供应，可用余额 {available}。",
      "至少缴纳 {payAtLeast} 后将自动恢复。",
      "缴费到账后即下发恢复指令；如有困难请联系{operator}。",
    ],
  },
  supply_restored: {
    subject: "已恢复供应：户号 {account}",
    sentences: ["户号 {account}（{address}）已于 {restoredAt} 恢复供应。", "当前可用余额 {available}。"],
  },
  payment_received: {
    subject: "已收到缴费 {amount}",
    sentences: [
      "户号 {account} 于 {paidAt} 缴费 {amount} 已入账。",
      "当前可用余额 {available}。",
      "收据号 {receipt}。",
    ],
  },
  payment_reversed: {
    subject: "缴费 {amount} 已冲正",
    sentences: [
      "户号 {account} 于 {paidAt} 的缴费 {amount} 已冲正，不再计入账户。",
      "当前可用余额 {available}。",
      "如有疑问，请联系{operator}。",
    ],
  },
  bill_issued: {
    subject: "{period} 账单 {number}：{amount}",
    sentences: [
      "户号 {account} 的 {period} 账单（{number}）已出具，应付 {amount}，请于 {dueOn} 前缴纳。",
      "对账单有疑问，请联系{operator}。",
    ],
  },
  correction_issued: {
    subject: "账单更正 {number}：{difference}",
    sentences: [
      "户号 {account} 的账单 {corrects} 已更正，更正单号 {number}，差额 {difference}（负数为退还）。",
      "差额已计入账户；对更正有疑问，请联系{operator}。",
    ],
  },
  token_issued: {
    subject: "充值码：表号 {meter}",
    sentences: ["表号 {meter} 的充值码（{amount}）：{token}。", "请在电表键盘上依次输入。"],
  },
  sign_in_code: {
    subject: "登录验证码",
    sentences: ["验证码 {code}，{minutes} 分钟内有效。", "切勿告诉他人；工作人员不会向您索要。"],
  },
};

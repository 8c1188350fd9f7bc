/** 应急额度：住户页面与营业厅。 */
import type { emergencyEn } from "./emergency-en.ts";

export const emergencyZh: Record<keyof typeof emergencyEn, string> = {
  "emergency.title": "应急额度",
  "emergency.offer": "余额不足时可申请一次，额度 {amount}。",
  "emergency.what": "这是预支，不是赠送：下次充值先行偿还，还清后可再次申请。",
  "emergency.take": "申请 {amount}",
  "emergency.ask": "确认申请应急额度 {amount}？下次充值将先行偿还。",
  "emergency.confirm": "确认申请",
  "emergency.taken": "{at} 已申请 {amount}，待偿还",
  "emergency.used": "其中已动用 {amount}",
  "emergency.open": "应急额度 {amount}，已动用 {used}",
  "emergency.repaid": "上次申请的应急额度已于 {at} 还清。",
  "emergency.done": "已申请。已停供的将恢复供应。",
  "emergency.why.too_little": "暂不可申请：欠费较多，申请后仍无法恢复供应，请先充值。",
};

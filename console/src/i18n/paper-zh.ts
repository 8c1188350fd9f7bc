import type { paperEn } from "./paper-en.ts";

/** Texts of the bill on paper in Chinese. */
export const paperZh: Readonly<Record<keyof typeof paperEn, string>> = {
  "paper.open": "PDF 账单",
  "paper.more": "账单的其他版式",
  "paper.zh": "中文 PDF",
  "paper.en": "英文 PDF",
  "paper.both": "中英双语 PDF",
  "paper.html": "网页版",
  "cycle.files": "本月文件",
  "cycle.xlsx": "会计用工作簿（XLSX）",
  "cycle.lines": "全部明细（CSV）",
  "cycle.summary": "汇总与总账（CSV）",
  "cycle.papers": "全部账单（PDF）",
  "cycle.part": "账单第 {n} 册，共 {of} 册（PDF）",
  "paper.mail": "发送给用户",
  "paper.mailed": "已发出（附 PDF 账单）",
  "paper.mailedBefore": "此前已发送，不重复发送",
  "paper.noAddress": "该户没有愿意接收账单的地址",
  "paper.print": "打印本页",
};

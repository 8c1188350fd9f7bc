import type { paperEn } from "./paper-en.ts";

/** Texts of the bill on paper in Chinese. */
export const paperZh: Readonly<Record<keyof typeof paperEn, string>> = {
  "paper.open": "PDF 账单",
  "paper.more": "账单的其他版式",
  "paper.zh": "中文 PDF",
  "paper.en": "英文 PDF",
  "paper.both": "中英双语 PDF",
  "paper.html": "网页版",
  "paper.print": "打印本页",
};

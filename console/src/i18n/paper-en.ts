/** Texts of the bill on paper. */
export const paperEn = {
  "paper.open": "PDF",
  "paper.more": "Other papers of this bill",
  "paper.zh": "PDF in Chinese",
  "paper.en": "PDF in English",
  "paper.both": "PDF in both languages",
  "paper.html": "Page for a browser",
  "cycle.files": "Files of the month",
  "cycle.xlsx": "Workbook for the accountant (XLSX)",
  "cycle.lines": "All lines (CSV)",
  "cycle.summary": "Summary and ledger (CSV)",
  "cycle.papers": "All papers (PDF)",
  "cycle.part": "Papers, part {n} of {of} (PDF)",
  "paper.print": "Print this view",
};

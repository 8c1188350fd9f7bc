/** Texts of the bill on paper. */
export const paperEn = {
  "paper.open": "PDF",
  "paper.more": "Other papers of this bill",
  "paper.zh": "PDF in Chinese",
  "paper.en": "PDF in English",
  "paper.both": "PDF in both languages",
  "paper.html": "Page for a browser",
  "paper.print": "Print this view",
};

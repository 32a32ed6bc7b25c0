// The order of search results. The theme sorts pages that have the words in their text by title: here, pages for users
// of the package come before those for its developers.
var Scorer = {
  score: ([page, , , , score]) => {
    if (/^docs\/(how-to|tutorials)\//.test(page)) return score + 4;
    return page.startsWith("docs/") ? score : score - 2;
  },
  // The defaults of Sphinx.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

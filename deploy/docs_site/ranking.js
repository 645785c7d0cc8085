// The order of what a search finds: pages to work by come first, and those about how the product came to be come last.
const weights = { tutorial: 3, "how-to": 3, reference: 2, explanation: 1, runbooks: 1.5, decisions: 0.2, project: 0.1 };

var Scorer = {
  score: ([page, , , , score]) => score * (weights[page.split("/")[0]] ?? 1),
  // The rest is Sphinx' own.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};

/** Returns the text of the request with this number. */
export type Texts = (index: number) => string;

const subjects = ["My card", "The transfer", "A refund", "The top-up", "My new account", "The direct debit"];
const events = [
  "has not arrived although it was promised for last week",
  "was declined in a shop abroad, and nobody could say why",
  "shows an amount that differs from the receipt",
  "is pending for three days now",
  "was charged twice",
  "can't be found in the list of this month",
];
const questions = ["How do I put that right?", "Whom do I ask?", "How long does it take?", "Is there a fee for it?"];

/** Sentences that are all different, so that no embedding cache makes the load lighter than it looks. */
export const builtInTexts: Texts = (index) => {
  const pick = (from: readonly string[], at: number) => from[at % from.length] ?? "";
  const question = pick(questions, Math.floor(index / (subjects.length * events.length)));
  const event = pick(events, Math.floor(index / subjects.length));
  return `${pick(subjects, index)} ${event} (reference ${index + 1}). ${question}`;
};

import { isUtf8 } from "node:buffer";
import { CommandError } from "../errors.ts";
import { fileMessages } from "../messages/file.ts";

/** A file is held in memory, so that reading it holds no request up; what is beyond is not sent. */
const TEXTS_MAX = 100_000;
const TEXTS_MAX_BYTES = 67_108_864;
/** The api refuses longer ones; see PUBLISH_MESSAGE_MAX_BYTES. */
const TEXT_MAX_BYTES = 1_000_000;

/** The text of the request of that number. */
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

/** Sentences that are all different, so that no cache of embeddings makes the load lighter than it looks. */
export const builtInTexts: Texts = (index) => {
  const pick = (from: readonly string[], at: number) => from[at % from.length] ?? "";
  const question = pick(questions, Math.floor(index / (subjects.length * events.length)));
  const event = pick(events, Math.floor(index / subjects.length));
  return `${pick(subjects, index)} ${event} (reference ${index + 1}). ${question}`;
};

/** The messages of a file, over and over; those that POST /publish can't carry are passed over. */
export async function fileTexts(file: string): Promise<Texts> {
  const texts: string[] = [];
  let bytes = 0;
  for await (const { value } of (await fileMessages(file)).read()) {
    if (value === null || value.length === 0 || value.length > TEXT_MAX_BYTES || !isUtf8(value)) continue;
    if (texts.length === TEXTS_MAX || bytes + value.length > TEXTS_MAX_BYTES) break;
    texts.push(value.toString());
    bytes += value.length;
  }
  if (texts.length === 0) throw new CommandError(`${file} has no text to publish: give a file that has by --messages.`);
  return (index) => texts[index % texts.length] ?? "";
}

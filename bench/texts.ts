import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { builtInTexts, type Texts } from "../packages/cli/src/load/built-in-texts.ts";
import { fileTexts } from "../packages/cli/src/load/texts.ts";

export type { Texts } from "../packages/cli/src/load/built-in-texts.ts";

/** Questions of bank customers, if present beside the repository: https://arxiv.org/abs/2003.04807 */
const BANKING77 = resolve(import.meta.dirname, "../../shared/data/banking77/messages.csv");

/** Real texts if available, numbered when they repeat, so that no embedding cache reduces the work. */
export async function benchTexts(file = BANKING77): Promise<Texts> {
  if (!existsSync(file)) return builtInTexts;
  const texts = await fileTexts(file);
  return (index) => `${texts(index)} (${index})`;
}

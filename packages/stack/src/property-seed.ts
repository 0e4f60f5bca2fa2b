import { randomInt } from "node:crypto";

/** Properties of a test run try the values that follow from this seed; the same seed tries the same values. */
export const PROPERTY_SEED = "MILLRACE_FC_SEED";

/** The seed of the environment, or a random one, which the worker processes then find in the environment. */
export function choosePropertySeed(): number {
  process.env[PROPERTY_SEED] ??= String(randomInt(2 ** 31));
  return parseSeed(process.env[PROPERTY_SEED]);
}

export function parseSeed(text: string | undefined): number {
  const seed = Number(text);
  if (!text || !Number.isInteger(seed) || seed !== (seed | 0)) {
    throw new Error(`${PROPERTY_SEED} is "${text}", but must be a whole number of 32 bits, such as -2074228998.`);
  }
  return seed;
}

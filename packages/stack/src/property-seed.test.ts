import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { choosePropertySeed, PROPERTY_SEED, parseSeed } from "./property-seed.ts";

const ofThisRun = process.env[PROPERTY_SEED];
afterEach(() => vi.unstubAllEnvs());

test("every property of this run has the run's seed, and a failing one shows it with the path to its counterexample", () => {
  const seed = parseSeed(ofThisRun);
  expect(fc.readConfigureGlobal().seed).toBe(seed);
  const details = fc.check(fc.property(fc.nat(), (value) => value < 3));
  expect(details).toMatchObject({ failed: true, seed });
  expect(fc.defaultReportMessage(details)).toMatch(`{ seed: ${seed}, path: "${details.counterexamplePath}"`);
});

test("the environment's seed is taken, and without one a random seed is put there for the workers", () => {
  vi.stubEnv(PROPERTY_SEED, "-2074228998");
  expect(choosePropertySeed()).toBe(-2_074_228_998);
  vi.stubEnv(PROPERTY_SEED, undefined);
  const seed = choosePropertySeed();
  expect(process.env[PROPERTY_SEED]).toBe(String(seed));
  expect(choosePropertySeed()).toBe(seed);
});

test.each(["", "x", "1.5", "4294967296"])("%j is no seed", (text) => {
  expect(() => parseSeed(text)).toThrow(`${PROPERTY_SEED} is "${text}"`);
});

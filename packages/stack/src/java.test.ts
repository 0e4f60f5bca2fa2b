import { expect, test } from "vitest";
import { parseJavaVersion } from "./java.ts";

test.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['openjdk version "25" 2025-09-16 LTS', 25],
  ['java version "1.8.0_402"', 8],
  ["The operation couldn’t be completed. Unable to locate a Java Runtime.", undefined],
])("reads the version from %j", (output, version) => {
  expect(parseJavaVersion(output)).toBe(version);
});

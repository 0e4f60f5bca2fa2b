import { expect, test } from "vitest";
import { downloadedBytes, type MavenRecipe, pom, recipeHash } from "./maven.ts";

const library = { group: "org.example", artifact: "broker", version: "4.3.1" };
const recipe: MavenRecipe = {
  libraries: [library],
  extras: [{ ...library, artifact: "plugin", goal: "unpack", type: "zip", into: "lib", includes: "*.jar" }],
};

test.each([
  ["[INFO] Downloaded from central: https://example.org/a.jar (45 kB at 1.2 MB/s)", 45_000],
  ["[INFO] Downloaded from central: https://example.org/a.jar (2.7 MB at 9.1 MB/s)", 2_700_000],
  ["[INFO] Downloading from central: https://example.org/a.jar", 0],
])("counts the bytes of %j", (line, bytes) => {
  expect(downloadedBytes(line)).toBe(bytes);
});

test("a recipe becomes a POM that copies the libraries and unpacks the extras", () => {
  const text = pom(recipe);
  expect(text).toContain("<dependency><groupId>org.example</groupId><artifactId>broker</artifactId>");
  expect(text).toContain("<goal>copy-dependencies</goal>");
  expect(text).toContain("<type>zip</type>");
  expect(text).toContain("<includes>*.jar</includes>");
});

test("another version or source has another cache key", () => {
  const newer = { ...recipe, libraries: [{ ...library, version: "4.4.0" }] };
  expect(new Set([recipeHash(recipe), recipeHash(newer), recipeHash(recipe, "class A {}")]).size).toBe(3);
});

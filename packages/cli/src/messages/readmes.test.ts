import { expect, it } from "vitest";
import { readmeMessages } from "./readmes.ts";

it("finds a thousand different paragraphs of the installed dependencies, including p-limit's", async () => {
  const texts: string[] = [];
  for await (const { value } of readmeMessages().read()) texts.push(String(value));
  expect(texts).toHaveLength(1_000);
  expect(new Set(texts).size).toBe(1_000);
  expect(texts).toContainEqual(expect.stringMatching(/^p-limit: Run multiple .* with limited concurrency/));
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(1_500);
});

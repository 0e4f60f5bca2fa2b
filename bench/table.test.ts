import { expect, test } from "vitest";
import { Rounds, table } from "./table.ts";

test("has a line per row, with the median and the range of each measure", () => {
  const rounds = new Rounds<{ rate: number; ratio?: number }>();
  for (const rate of [1_200.4, 900, 1_000]) rounds.add("ceiling", { rate });
  rounds.add("pipeline", { rate: 12.34, ratio: 0.987 });
  expect(table("what", rounds.rows)).toBe(
    "| what | rate | ratio |\n| --- | --- | --- |\n| ceiling | 1,000 (900–1,200) |  |\n| pipeline | 12.3 | 0.99 |\n",
  );
});

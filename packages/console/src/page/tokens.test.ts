import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const css = readFileSync(join(import.meta.dirname, "styles", "tokens.css"), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, light, dark]) => [
    name ?? "",
    { light: light ?? "", dark: dark ?? "" },
  ]),
);

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const channel = Number.parseInt(colour.slice(start, start + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** WCAG AA: 4.5 for text; 3 for lines, dots and the edges of controls. */
const texts = [
  ...["paper", "surface", "sunken"].flatMap((ground) => ["ink", "muted"].map((text) => [text, ground] as const)),
  ...["paper", "surface"].flatMap((ground) => ["water", "slow", "failed"].map((text) => [text, ground] as const)),
  ...["ink", "muted", "slow", "water"].map((text) => [text, "slow-ground"] as const),
  ...["ink", "muted", "failed", "water"].map((text) => [text, "failed-ground"] as const),
  ["on-water", "water"],
  ["ink", "shallow"],
  ["ink", "found"],
  ["paper", "ink"],
] as const;
const shapes = ["edge", "water", "slow", "failed", "first", "second", "third"].flatMap((shape) =>
  ["paper", "surface"].map((ground) => [shape, ground] as const),
);

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  const colourOf = (name: string): string => {
    const colour = tokens.get(name)?.[theme];
    if (!colour) throw new Error(`there is no token ${name}`);
    return colour;
  };
  test.each(texts)("%s is readable on %s", (text, ground) => {
    expect(contrast(colourOf(text), colourOf(ground))).toBeGreaterThanOrEqual(4.5);
  });
  test.each(shapes)("%s is visible on %s", (shape, ground) => {
    expect(contrast(colourOf(shape), colourOf(ground))).toBeGreaterThanOrEqual(3);
  });
});

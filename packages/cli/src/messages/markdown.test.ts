import { expect, it } from "vitest";
import { paragraphsOf } from "./markdown.ts";

it("extracts plain text of paragraphs, list items and quotes, each with its heading", () => {
  const markdown = `
Before any heading.

# p-limit [![badge](https://example.org/b.svg)](https://example.org)

> [!NOTE]
> Run \`async\` functions with **limited** [concurrency](https://example.org) &amp; more,
> over two lines.

## API

- An item with <b>markup</b>
  - One within it
`;
  expect(paragraphsOf(markdown)).toEqual([
    { heading: "", text: "Before any heading." },
    { heading: "p-limit", text: "Run async functions with limited concurrency & more, over two lines." },
    { heading: "API", text: "An item with markup" },
    { heading: "API", text: "One within it" },
  ]);
});

it("leaves out code blocks, badges, tables and HTML", () => {
  const markdown = `
[![build](https://example.org/b.svg)](https://example.org) ![logo](logo.png)

\`\`\`js
const limit = pLimit(1);
\`\`\`

    indented code

<div align="center"><p>centred</p></div>

| a | b |
| - | - |
| 1 | 2 |
`;
  expect(paragraphsOf(markdown)).toEqual([]);
});

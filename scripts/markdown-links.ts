// Finds the relative links of Markdown pages and the anchors that they may use, in GitHub's form.
import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

export interface Link {
  line: number;
  target: string;
}

/** Inline links, images and reference definitions, outside code; skips absolute URLs. */
export function relativeLinks(markdown: string): Link[] {
  return withoutCode(markdown)
    .split("\n")
    .flatMap((text, index) => {
      const inline = [...text.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)];
      const definitions = [...text.matchAll(/^\s*\[[^\]]+\]:\s*<?([^\s>]+)/g)];
      return [...inline, ...definitions].map(([, target = ""]) => ({ line: index + 1, target }));
    })
    .filter(({ target }) => !/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target));
}

/** What is wrong with a link of the page at `path`; `undefined` if it resolves. */
export function linkProblem(path: string, { line, target }: Link): string | undefined {
  const [file = "", anchor] = target.split("#");
  const page = file === "" ? path : resolve(dirname(path), decodeURIComponent(file));
  if (!existsSync(page)) return `line ${line}: ${target}: no such file`;
  if (!anchor || !page.endsWith(".md")) return undefined;
  if (anchorsOf(readFileSync(page, "utf8")).has(anchor)) return undefined;
  return `line ${line}: ${target}: the page has no such heading`;
}

/** One anchor per heading: lower case, punctuation removed, spaces as hyphens, duplicates numbered. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const counts = new Map<string, number>();
  for (const [, heading = ""] of withoutFences(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = text.replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, "").replaceAll(" ", "-");
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

function withoutCode(markdown: string): string {
  return withoutFences(markdown).replaceAll(/`[^`\n]*`/g, (code) => " ".repeat(code.length));
}

/** Keeps the line breaks, so that line numbers stay correct. */
function withoutFences(markdown: string): string {
  return markdown.replaceAll(/^(\s*)(`{3,}).*?^\s*\2/gms, (block) => block.replaceAll(/[^\n]/g, ""));
}

/** A stretch of a hit's text. */
export interface TextPart {
  text: string;
  found: boolean;
}

const entities: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#x27;": "'",
  "&#x2F;": "/",
};

/** Splits the api's highlight: HTML-encoded text with the matched words in <em>. */
export function fromMarkup(markup: string): TextPart[] {
  return markup
    .split(/<em>(.*?)<\/em>/s)
    .map((text, index) => ({ text: decode(text), found: index % 2 === 1 }))
    .filter(({ text }) => text !== "");
}

function decode(text: string): string {
  return text.replaceAll(/&(?:amp|lt|gt|quot|#x27|#x2F);/g, (entity) => entities[entity] ?? entity);
}

/** Marks the words that a text shares with the query, as a semantic search returns no highlights. */
export function inText(text: string, query: string): TextPart[] {
  const words = query.match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  if (words.length === 0) return [{ text, found: false }];
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}])(${words.join("|")})(?![\\p{L}\\p{N}])`, "giu");
  return text
    .split(pattern)
    .map((part, index) => ({ text: part, found: index % 2 === 1 }))
    .filter(({ text: part }) => part !== "");
}

import { marked, type Token } from "marked";

export interface Paragraph {
  /** The nearest heading above; empty before the first one. */
  heading: string;
  /** Plain text on one line. */
  text: string;
}

/** The paragraphs and list items of a Markdown text as plain text, without code blocks, images, badges and HTML. */
export function paragraphsOf(markdown: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  let heading = "";
  const visit = (tokens: readonly Token[]): void => {
    for (const token of tokens) {
      switch (token.type) {
        case "heading":
          heading = plainText(token.tokens);
          break;
        case "paragraph":
        case "text":
          // GitHub's alerts start with a marker such as [!NOTE].
          paragraphs.push({ heading, text: plainText(token.tokens).replace(/^\[![A-Z]+\]\s*/, "") });
          break;
        case "blockquote":
          visit(token.tokens ?? []);
          break;
        case "list":
          for (const item of token.items) visit(item.tokens);
          break;
        default:
      }
    }
  };
  visit(marked.lexer(markdown));
  return paragraphs.filter(({ text }) => text !== "");
}

function plainText(tokens: readonly Token[] = []): string {
  return tokens.map(inlineText).join("").replaceAll(/\s+/g, " ").trim();
}

function inlineText(token: Token): string {
  switch (token.type) {
    case "image":
    case "html":
    case "checkbox":
      return "";
    case "br":
      return " ";
    default:
      return "tokens" in token && token.tokens ? token.tokens.map(inlineText).join("") : decoded(token);
  }
}

/** The entities that people write in READMEs; rarer ones stay as they are. */
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'", nbsp: " " };

function decoded(token: Token): string {
  const text = "text" in token && typeof token.text === "string" ? token.text : token.raw;
  if (token.type === "codespan") return text;
  return text.replaceAll(/&(amp|lt|gt|quot|#39|nbsp);/g, (_, name: string) => entities[name] ?? "");
}

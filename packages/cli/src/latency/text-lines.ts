/** Far longer than any line of a process's log; an endless line from a broken pipe or a binary file is cut here. */
export const LINE_MAX_CHARACTERS = 1_048_576;

/**
 * Splits chunks of text into lines and yields an array per chunk, since an await per line would cost more than the
 * work.
 */
export async function* textLines(chunks: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = "";
  for await (const chunk of chunks) {
    const lines = chunk.split("\n");
    lines[0] = (rest + lines[0]).slice(0, LINE_MAX_CHARACTERS);
    rest = lines.pop() ?? "";
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}

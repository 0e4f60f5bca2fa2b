/** No line of a process's log is nearly as long; what a broken pipe or a binary file has without an end is cut there. */
export const LINE_MAX_CHARACTERS = 1_048_576;

/** Cuts a text that comes in chunks into its lines: an array for each chunk, since an await for each line costs more than its work. */
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

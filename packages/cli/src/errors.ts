/** Something the user can put right: its message is one sentence with the remedy, shown without a stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

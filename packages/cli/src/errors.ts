/** An error that the user can fix: one sentence with the remedy, shown without a stack trace. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

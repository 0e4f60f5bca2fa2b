/** An error that the user can fix: one clear sentence with the remedy, shown without a stack trace. */
export class StackError extends Error {
  override readonly name = "StackError";
}

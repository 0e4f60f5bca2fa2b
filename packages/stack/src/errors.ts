/** Something the user can put right: its message is one clear sentence with the remedy, shown without a stack trace. */
export class StackError extends Error {
  override readonly name = "StackError";
}

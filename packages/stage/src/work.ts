/** What a stage has done since its process began. */
export class Work {
  messages = 0;
  batches = 0;
  /** Of the records that the batches were read from, or written to. */
  bytes = 0;

  add(messages: number, bytes: number): void {
    this.messages += messages;
    this.batches++;
    this.bytes += bytes;
  }
}

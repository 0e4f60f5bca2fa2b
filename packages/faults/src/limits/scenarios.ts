/** Input as bad as it gets. */
export interface Scenario {
  name: string;
  messages: number;
  /** The value of a message, given its number. */
  value: (index: number) => Buffer;
  environment?: Record<string, string>;
  slowStore?: true;
}

const BLOB_BYTES = 1_047_552;

export function scenarios(messages: number): Scenario[] {
  const short = (index: number): Buffer =>
    Buffer.from(`Message ${index} asks when the card of customer ${index % 977} will arrive.`);
  const blob = "x".repeat(BLOB_BYTES);
  return [
    { name: "a backlog of short messages", messages, value: short },
    {
      name: "messages of 1 MB with a short text",
      messages: 400,
      value: (index) => Buffer.from(JSON.stringify({ text: short(index).toString(), blob })),
      environment: { TEXT_FIELD: "/text" },
    },
    { name: "a store that takes 300 ms for every 64 kB", messages: 100_000, value: short, slowStore: true },
  ];
}

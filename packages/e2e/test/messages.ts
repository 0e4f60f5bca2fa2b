const whats = ["card", "transfer", "top-up", "refund", "cash withdrawal", "direct debit", "exchange", "statement"];
const whos = ["my landlord", "a shop in Lisbon", "my sister", "the airline", "an online store"];
const complaints = [
  "has not arrived yet",
  "was charged twice",
  "shows as pending since Monday",
  "was declined although there is money in the account",
  "came with a fee that nobody told me about",
];

/**
 * Texts as customers write them, all different.
 *
 * @param marker a word in each of them, to search logs for
 */
export function customerTexts(count: number, marker: string): string[] {
  return Array.from({ length: count }, (_, index) => {
    const what = whats[index % whats.length];
    const who = whos[Math.floor(index / 8) % whos.length];
    const complaint = complaints[Math.floor(index / 40) % complaints.length];
    return `The ${what} to ${who} ${complaint}. Could you look into case ${marker} number ${index}, please?`;
  });
}

export interface BrokenValue {
  value: Buffer | null;
  /** The reason in demo_log. */
  reason: "invalid" | "undecodable" | "too_long";
}

/** Ten ways in which a message cannot be embedded. */
export function brokenValues(marker: string): BrokenValue[] {
  return [
    { value: null, reason: "invalid" },
    { value: Buffer.alloc(0), reason: "invalid" },
    { value: Buffer.from(" \n\t "), reason: "invalid" },
    // No-break and ideographic spaces, and a byte order mark.
    { value: Buffer.from("\u00A0\u3000\uFEFF"), reason: "invalid" },
    { value: Buffer.concat([Buffer.from(marker), Buffer.from([0xff, 0xfe])]), reason: "undecodable" },
    // Latin-1.
    { value: Buffer.from(`${marker} café`, "latin1"), reason: "undecodable" },
    // Half of a surrogate pair, as some encoders write it.
    { value: Buffer.concat([Buffer.from(marker), Buffer.from([0xed, 0xa0, 0x80])]), reason: "undecodable" },
    // The first two bytes of three.
    { value: Buffer.concat([Buffer.from(marker), Buffer.from([0xe2, 0x82])]), reason: "undecodable" },
    { value: Buffer.from(`${marker} `.repeat(3_000)), reason: "too_long" },
    { value: Buffer.alloc(900_000, marker), reason: "too_long" },
  ];
}

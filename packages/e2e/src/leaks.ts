/** Marks of a signed URL, a signed request or an answer with a key, whatever the secret is. */
const marks = [/X-Amz-(Signature|Security-Token|Credential)/i, /AWS4-HMAC-SHA256/, /Bearer /, /SecretAccessKey/i];

/** A part of a secret reveals it too, and a truncated line may have only a part. */
const PART_LENGTH = 16;

/**
 * Finds log lines with a secret or its beginning, plain, percent-encoded or in base64, and lines that look signed.
 * Names each line by its beginning, so that a failed test does not spread what it found.
 */
export function leaks(logs: string, secrets: readonly string[]): string[] {
  const parts = [...new Set(secrets.flatMap(formsOf).map((form) => form.slice(0, PART_LENGTH)))];
  const isLeak = (line: string) => parts.some((part) => line.includes(part)) || marks.some((mark) => mark.test(line));
  const found = logs.split("\n").filter(isLeak);
  return found.map((line) => line.slice(0, 120));
}

function formsOf(secret: string): string[] {
  if (secret.length < 8) throw new TypeError("too short to be distinguished from other texts");
  return [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64"),
    JSON.stringify(secret).slice(1, -1),
  ];
}

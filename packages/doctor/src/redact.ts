/** What looks like a credential wherever it shows: parts of presigned URLs, logins in URLs, bearer tokens, keys of OpenAI. */
const PATTERNS = [
  /(X-Amz-[A-Za-z-]+=)[^&\s"']+/gi,
  /(:\/\/)[^/\s@"']+(?=@)/g,
  /(Bearer )[\w.~+/=-]+/g,
  /(\bsk-)[\w*-]{4,}/g,
] as const;

/** What is shorter guards nothing, and would be found in every other word. */
const SECRET_MIN_LENGTH = 4;

/** Takes out what nobody may see: the secret values of the configuration, and all that looks like a token. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const known = secrets.filter((secret): secret is string => (secret?.length ?? 0) >= SECRET_MIN_LENGTH);
  return (text) => {
    const masked = known.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
    return PATTERNS.reduce((rest, pattern) => rest.replaceAll(pattern, "$1[secret]"), masked);
  };
}

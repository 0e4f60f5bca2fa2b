/** Everything that looks like a credential: parts of presigned URLs, logins in URLs, bearer tokens, OpenAI keys. */
const PATTERNS = [
  /(X-Amz-[A-Za-z-]+=)[^&\s"']+/gi,
  /(:\/\/)[^/\s@"']+(?=@)/g,
  /(Bearer )[\w.~+/=-]+/g,
  /(\bsk-)[\w*-]{4,}/g,
] as const;

/** A shorter secret protects nothing, and would match parts of ordinary words. */
const SECRET_MIN_LENGTH = 4;

/** Removes secrets: the secret values of the configuration, and everything that looks like a token. */
export function redactor(secrets: readonly (string | undefined)[]): (text: string) => string {
  const known = secrets.filter((secret): secret is string => (secret?.length ?? 0) >= SECRET_MIN_LENGTH);
  return (text) => {
    const masked = known.reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
    return PATTERNS.reduce((rest, pattern) => rest.replaceAll(pattern, "$1[secret]"), masked);
  };
}

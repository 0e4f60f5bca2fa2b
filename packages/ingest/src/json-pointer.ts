/** The value that a JSON Pointer (RFC 6901) names, or `undefined`. Only own properties count. */
export function selectByPointer(json: unknown, pointer: string): unknown {
  let current = json;
  for (const token of pointer.split("/").slice(1)) {
    if (typeof current !== "object" || current === null) return undefined;
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
    // An array's index has no leading zero, sign or fraction.
    if (Array.isArray(current) && !/^(0|[1-9]\d*)$/.test(name)) return undefined;
    if (!Object.hasOwn(current, name)) return undefined;
    current = (current as Record<string, unknown>)[name];
  }
  return current;
}

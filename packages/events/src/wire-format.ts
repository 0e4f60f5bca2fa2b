/**
 * The frame of Confluent's serializers: a magic byte of 0, the schema's ID as a big-endian signed 32-bit integer, and
 * the encoded value; Protobuf has the path to the message within its schema before the value.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
const HEADER_BYTES = 5;

export function frame(schemaId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeInt32BE(schemaId, 1);
  return Buffer.concat([header, payload]);
}

/** `undefined` if the frame is truncated, or its ID is one that no registry assigns. */
export function unframe(value: Buffer): { schemaId: number; payload: Buffer } | undefined {
  if (value.length < HEADER_BYTES) return undefined;
  const schemaId = value.readInt32BE(1);
  return schemaId > 0 ? { schemaId, payload: value.subarray(HEADER_BYTES) } : undefined;
}

/** The path to a schema's first message, in its short form. */
export const FIRST_MESSAGE = Buffer.of(0);

/** The deepest path that is followed; messages nest less. */
const PATH_MAX = 16;

/**
 * Reads the path before a Protobuf value: the number of steps, then for each step the index of a message among its
 * siblings, all as zigzag varints; the first message may be written as a single 0. Throws a `RangeError` if it is not a
 * path.
 */
export function readMessagePath(payload: Buffer): { path: number[]; rest: Buffer } {
  let position = 0;
  const next = (): number => {
    let [result, shift] = [0, 0];
    for (;;) {
      const byte = payload[position++];
      if (byte === undefined || shift > 21) throw new RangeError("the path to the Protobuf message is damaged");
      result |= (byte & 0x7f) << shift;
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1);
      shift += 7;
    }
  };
  const length = next();
  if (length < 0 || length > PATH_MAX) throw new RangeError("the path to the Protobuf message is damaged");
  const path = length === 0 ? [0] : Array.from({ length }, next);
  return { path, rest: payload.subarray(position) };
}

/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNDEFINED_TABLE = "42P01";

/** `undefined` until the sink has created the table: no message is recorded before. */
export async function ifTableExists<Value>(query: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await query();
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}

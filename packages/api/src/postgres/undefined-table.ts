/** https://www.postgresql.org/docs/current/errcodes-appendix.html */
const UNDEFINED_TABLE = "42P01";

/** `undefined` before the sink ever ran: it creates the table, and so far no message was recorded. */
export async function ifTableExists<Value>(query: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await query();
  } catch (error) {
    if ((error as { code?: string }).code === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}

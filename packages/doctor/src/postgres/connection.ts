import type { Pool, PoolClient } from "@millrace/postgres";

/** The one connection of an examination. */
export interface ExaminedConnection {
  /** Connects on first use; rejects once the connection is broken. */
  client(): Promise<PoolClient>;
  close(): Promise<void>;
}

export function openConnection(pool: Pool): ExaminedConnection {
  let client: PoolClient | undefined;
  let broken: Error | undefined;
  const connect = async (): Promise<PoolClient> => {
    const connection = await pool.connect();
    // The pool listens to idle clients only; without this listener, a connection that breaks between two steps would
    // end the process.
    connection.on("error", (error) => {
      broken ??= error;
    });
    return connection;
  };
  return {
    async client() {
      client ??= await connect();
      if (broken) throw broken;
      return client;
    },
    async close() {
      client?.release(true);
      client = undefined;
      if (!pool.ended) await pool.end();
    },
  };
}

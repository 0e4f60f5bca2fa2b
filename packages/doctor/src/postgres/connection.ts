import type { DatabasePool, DatabaseSession } from "../stores.ts";

/** The one connection of an examination. */
export interface ExaminedConnection {
  /** Connects on first use; rejects once the connection is broken. */
  client(): Promise<DatabaseSession>;
  close(): Promise<void>;
}

export function openConnection(pool: DatabasePool): ExaminedConnection {
  let client: DatabaseSession | undefined;
  let broken: Error | undefined;
  const connect = async (): Promise<DatabaseSession> => {
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

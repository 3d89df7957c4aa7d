/** What must never reach a client: stack traces, files of this machine, SQL, guesses of what the schema has. */
export const INSIDE =
  /node_modules|Did you mean|\bat .+:\d+|\.[jt]s\b|\/tmp|\/home|\/root|nestor-test-|\b(SELECT|INSERT INTO|UPDATE) .*\b(FROM|VALUES|SET)\b/;

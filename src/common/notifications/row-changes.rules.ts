/** A row has a new state. */
export interface StatusChange<Status extends string> {
  readonly id: string;
  readonly status: Status;
}

/** Changes of one message: a line is at most 36 + 1 + 10 + 1 bytes, a message at most 7,900. */
const LINES_PER_MESSAGE = 160;

/** Messages of lines `<id> <status>`. */
export function formatChanges(changes: readonly StatusChange<string>[]): string[] {
  const lines = changes.map(({ id, status }) => `${id} ${status}`);
  const messages: string[] = [];
  for (let start = 0; start < lines.length; start += LINES_PER_MESSAGE) {
    messages.push(lines.slice(start, start + LINES_PER_MESSAGE).join('\n'));
  }
  return messages;
}

/**
 * The changes of a message; lines that this version does not understand are left out.
 * @param statuses those that are understood.
 */
export function parseChanges<Status extends string>(
  message: string,
  statuses: readonly Status[],
): StatusChange<Status>[] {
  return message.split('\n').flatMap((line) => {
    const [id, word] = line.split(' ');
    const status = statuses.find((known) => known === word);
    return id === undefined || id === '' || status === undefined ? [] : [{ id, status }];
  });
}

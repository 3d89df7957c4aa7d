import { type JobStatus, jobStatuses } from './job-state.rules.js';

/** A job has a new state. */
export interface JobChange {
  readonly id: string;
  readonly status: JobStatus;
}

/** Changes of one message: a line is at most 36 + 1 + 9 + 1 bytes, a message at most 7,900. */
const LINES_PER_MESSAGE = 160;

/** Messages of lines `<job id> <status>`. */
export function formatChanges(changes: readonly JobChange[]): string[] {
  const lines = changes.map(({ id, status }) => `${id} ${status}`);
  const messages: string[] = [];
  for (let start = 0; start < lines.length; start += LINES_PER_MESSAGE) {
    messages.push(lines.slice(start, start + LINES_PER_MESSAGE).join('\n'));
  }
  return messages;
}

/** The changes of a message; lines that this version does not understand are left out. */
export function parseChanges(message: string): JobChange[] {
  return message.split('\n').flatMap((line) => {
    const [id, word] = line.split(' ');
    const status = jobStatuses.find((known) => known === word);
    return id === undefined || id === '' || status === undefined ? [] : [{ id, status }];
  });
}

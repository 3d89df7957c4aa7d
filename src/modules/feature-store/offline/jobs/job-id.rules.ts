import { CodedError } from '../../../../common/errors/coded-error.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a job could have this id. */
export const isJobId = (id: string): boolean => UUID.test(id);

/** Also for a job of another workspace. */
export const jobNotFound = (id: string): CodedError =>
  new CodedError(
    'NOT_FOUND',
    `There is no job of historical features ${JSON.stringify(id.slice(0, 64))} in this workspace.`,
  );

import { CodedError } from '../../../common/errors/coded-error.js';

/** Names of data sources: safe in a URL, a file name and a metric label. */
export const DATA_SOURCE_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;

export const DATA_SOURCE_NAME_RULE =
  'takes 1 to 128 letters, digits, dots, underscores and hyphens, and starts with a letter or digit';

export const dataSourceNotFound = (name: string): CodedError =>
  new CodedError('NOT_FOUND', `There is no data source ${JSON.stringify(name.slice(0, 128))} in this workspace.`);

import type { Credentials } from '../first-start/credentials.js';

/** What the last lines of a start tell. */
export interface Banner {
  readonly credentials: Credentials | undefined;
  readonly baseUrl: string;
  readonly managementUrl: string;
  readonly credentialsFile: string;
  /** Such as `12.3 s`. */
  readonly took: string;
  readonly explorer: boolean;
}

/** A setosa of Fisher's data. */
const RECORD = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };

/** The text that a successful start ends with. */
export function bannerText(banner: Banner): string {
  const { credentials, baseUrl, managementUrl, credentialsFile, took } = banner;
  const rows = [
    ['GraphQL', `${baseUrl}/graphql${banner.explorer ? '  (in a browser: the explorer)' : ''}`],
    ['Health, metrics', `${managementUrl}/health/ready  ${managementUrl}/metrics`],
    ...(credentials
      ? [
          ['E-mail', credentials.email],
          ['Password', credentials.password],
          ['API key', credentials.apiKey],
        ]
      : []),
  ].map(([name = '', value = '']) => `  ${name.padEnd(16)} ${value}`);
  const access = credentials
    ? ['', `  The same is in ${credentialsFile}. Try a prediction:`, '', curl(baseUrl, credentials.apiKey)]
    : [
        '',
        '  This database was set up from elsewhere, so its password and API key are not known here.',
        '  For new ones: npm start -- --reset-admin-password',
      ];
  return ['', `Nestor is up (${took}).`, '', ...rows, ...access, '', '  Ctrl-C stops everything.', ''].join('\n');
}

/** A command to paste into a shell: real input for the example model `iris`. */
export function curl(baseUrl: string, apiKey: string): string {
  const body = {
    query:
      'query ($input: PredictInput!) { predict(input: $input) { model version predictions { label probability } } }',
    variables: { input: { model: 'iris', records: [RECORD] } },
  };
  return [
    `  curl -s ${baseUrl}/graphql \\`,
    `    -H 'content-type: application/json' -H 'x-api-key: ${apiKey}' \\`,
    `    -d '${JSON.stringify(body)}'`,
  ].join('\n');
}

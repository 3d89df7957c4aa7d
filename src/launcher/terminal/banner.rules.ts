/** What the last lines of a start tell. */
export interface BannerFacts {
  /** Base URL of the api, without a slash at its end. */
  readonly url: string;
  readonly managementUrl: string;
  readonly email: string;
  /** Undefined when they were made elsewhere, or their file was deleted. */
  readonly known: { readonly password: string; readonly apiKey: string } | undefined;
  readonly credentialsPath: string;
  readonly home: string;
  readonly explorer: boolean;
}

/** The lines that a successful start ends with. */
export function bannerLines(facts: BannerFacts): string[] {
  const graphql = `${facts.url}/graphql`;
  const rows = [
    ['GraphQL', graphql],
    ...(facts.explorer ? [['Explorer', `${graphql}  (the same address, in a browser)`]] : []),
    ['Health', `${facts.managementUrl}/health/ready, metrics at ${facts.managementUrl}/metrics`],
    ['E-mail', facts.email],
    ...(facts.known
      ? [
          ['Password', facts.known.password],
          ['API key', facts.known.apiKey],
          ['Kept in', facts.credentialsPath],
        ]
      : [['Password', 'not known here; for a new one and an API key: npm start -- --reset-admin-password']]),
    ['State', facts.home],
  ];
  return [
    '',
    'Nestor is up.',
    '',
    ...rows.map(([name = '', value = '']) => `  ${name.padEnd(10)}${value}`),
    '',
    '  Try a prediction:',
    '',
    ...predictionCommand(graphql, facts.known?.apiKey ?? '<your API key>'),
    '',
    '  Ctrl-C stops everything.',
    '',
  ];
}

/** A command to paste into a shell: a setosa of Fisher's data for the example model `iris`. */
function predictionCommand(graphql: string, apiKey: string): string[] {
  const record = '{ sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 }';
  const query = `{ predict(input: { model: "iris", records: [${record}] }) { version predictions { label probability } } }`;
  return [
    `  curl -s ${graphql} \\`,
    `    -H 'content-type: application/json' -H 'x-api-key: ${apiKey}' \\`,
    `    -d '${JSON.stringify({ query })}'`,
  ];
}

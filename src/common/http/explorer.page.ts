/** The page of the explorer: GraphiQL, loaded from this server alone. */
export const explorerPage = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>Nestor · GraphQL explorer</title>
    <link rel="stylesheet" href="/graphql/explorer/graphiql.css" />
    <style>
      html, body, #explorer { height: 100%; margin: 0; }
    </style>
  </head>
  <body>
    <div id="explorer">Loading the explorer…</div>
    <script src="/graphql/explorer/react.js"></script>
    <script src="/graphql/explorer/react-dom.js"></script>
    <script src="/graphql/explorer/graphiql.js"></script>
    <script src="/graphql/explorer/explorer.js"></script>
  </body>
</html>
`;

const firstQuery = `# Welcome to Nestor. Put your API key into the Headers tab below:
#   { "X-API-Key": "nst_…" }
# and press the run button.

query Predict {
  predict(
    input: {
      model: "iris"
      records: [{ sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 }]
    }
  ) {
    version
    predictions {
      label
      probability
    }
    inferenceMs
    executor
  }
}
`;

/** Starts GraphiQL; subscriptions go over a WebSocket to the same path. */
export const explorerScript = `
const socketUrl = location.origin.replace(/^http/, 'ws') + '/graphql';
const fetcher = GraphiQL.createFetcher({ url: '/graphql', subscriptionUrl: socketUrl });
ReactDOM.createRoot(document.getElementById('explorer')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: ${JSON.stringify(firstQuery)},
    defaultHeaders: JSON.stringify({ 'X-API-Key': '' }, null, 2),
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: 'headers',
  }),
);
`;

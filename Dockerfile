# One image for each process: docker build --build-arg PACKAGE=ingest|embed|sink|api .
# Needs BuildKit (Docker 20.10 and later; there DOCKER_BUILDKIT=1).

# Pin it by digest where builds must be repeatable: --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim
ARG PACKAGE

# --- Build: install, compile, and take out what one package needs at run time.
FROM ${NODE_IMAGE} AS build
WORKDIR /src
# With CI set, pnpm asks no questions.
ENV CI=true \
    pnpm_config_store_dir=/pnpm/store
COPY package.json ./
# The version is in package.json: "pnpm@<version>".
# hadolint ignore=DL3016
RUN npm install --global --no-fund --no-audit "$(node -p 'require("./package.json").packageManager')"
COPY . .
ARG PACKAGE
# --filter-prod: the packages that this one needs at run time; the local stack, which only tests need, is left out.
# --filter millrace: the workspace's root has the compiler.
RUN --mount=type=cache,id=pnpm-store,target=/pnpm/store \
    pnpm install --frozen-lockfile --filter millrace --filter-prod "@millrace/${PACKAGE}..." \
 && pnpm --filter-prod "@millrace/${PACKAGE}..." build \
 && pnpm --filter "@millrace/${PACKAGE}" deploy --prod /out

# --- Run: Node, the compiled package and its production dependencies. Nothing is written to the file system.
FROM ${NODE_IMAGE} AS runtime
WORKDIR /app
ENV NODE_ENV=production
COPY --from=build /out ./
# `node` of the base image, as a number: Kubernetes verifies runAsNonRoot only by number.
USER 1000:1000
# The process itself is asked, by Node: the image needs no shell and no curl.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`, { signal: AbortSignal.timeout(2500) }).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form and no entry point (the base image has a shell script): SIGTERM reaches Node, which drains and commits.
ENTRYPOINT []
# glibc gives the memory of large buffers back at once, instead of keeping it for each thread.
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=262144
# Messages and vectors lie outside V8's heap: frequent collections of the young generation free most of them, and the old one
# may double between its own, which otherwise came with every second batch and were half of the work.
CMD ["node", "--max-old-space-size=192", "--max-semi-space-size=2", "--heap-growing-percent=100", "dist/main.js"]

# --- What differs between the packages: the port. PACKAGE picks one of these stages.
FROM runtime AS api
ENV PORT=8080
EXPOSE 8080

FROM runtime AS ingest
ENV PORT=8081
EXPOSE 8081

FROM runtime AS embed
ENV PORT=8082
EXPOSE 8082

FROM runtime AS sink
ENV PORT=8083
EXPOSE 8083

FROM ${PACKAGE}
ARG PACKAGE
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="millrace-${PACKAGE}" \
      org.opencontainers.image.description="Kafka messages in; searchable vectors and an audit row for every message out." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

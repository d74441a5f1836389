# Portolan in a container: compiled JavaScript, no dev dependencies, a root file system that may be read-only.
FROM node:26-slim AS build
WORKDIR /portolan
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY packaging packaging
COPY src src
# The pinned Node is for checkouts: here the base image brings it.
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:26-slim
WORKDIR /portolan
COPY --from=build /portolan/node_modules node_modules
COPY --from=build /portolan/dist dist
COPY --from=build /portolan/build build
COPY package.json LICENSE ./
COPY migrations migrations
COPY bin bin
RUN ln -s /portolan/bin/portolan.cjs /usr/local/bin/portolan && mkdir -m 700 /data && chown node:node /data
# On all of the container's addresses, so that only labelled containers are exposed unless PORTOLAN_EXPOSE says otherwise.
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/portolan PORTOLAN_DATA_DIR=/data PORTOLAN_HTTP_HOST=0.0.0.0 PORTOLAN_API_HOST=0.0.0.0
USER node
VOLUME /data
EXPOSE 80 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/readyz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["portolan"]
CMD ["serve"]

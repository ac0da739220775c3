# Valkey 9 from the wheel, run the way the official image is.
ARG BASE
FROM ${BASE}
RUN useradd --system --uid 999 --home-dir /data --create-home valkey
COPY valkey-server /usr/local/bin/valkey-server
USER valkey
WORKDIR /data
EXPOSE 6379
CMD ["valkey-server", "--protected-mode", "no"]

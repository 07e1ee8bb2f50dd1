# A small image that runs as nobody: the program, certificates to trust, and nothing else of ours.
#   docker build -t dayline .
#   docker run -p 127.0.0.1:8080:8080 -v dayline:/data dayline
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The image of the compiler has what the client of Kafka is built with: a C++ compiler, make, OpenSSL's headers.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/src/target \
    cargo build --release --locked --features kafka && cp target/release/dayline /dayline

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates libssl3 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home dayline && install -d -o dayline -g dayline -m 0700 /data
COPY --from=build /dayline /usr/local/bin/dayline
USER 10001
ENV DAYLINE_LISTEN=0.0.0.0:8080 DAYLINE_DATA=/data DAYLINE_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=6s --start-period=10s CMD ["dayline", "healthcheck"]
ENTRYPOINT ["dayline"]
CMD ["serve"]

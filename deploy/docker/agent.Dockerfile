# The agent: docker build -f deploy/docker/agent.Dockerfile -t pharos-agent .
#
# It measures the host that is mounted at /host (docs/guides/agent.md explains each flag):
#   docker run -d --name pharos-agent --restart unless-stopped \
#     --network host --pid host -v /:/host:ro,rslave -v /etc/machine-id:/etc/machine-id:ro \
#     -v pharos-agent:/var/lib/pharos-agent \
#     -v "$PWD/api-key:/etc/pharos-agent/api-key:ro" -v "$PWD/ca.pem:/etc/pharos-agent/ca.pem:ro" \
#     -e PHAROS_URL=https://pharos.example.org:8080 -e PHAROS_CA_FILE=/etc/pharos-agent/ca.pem \
#     --memory 320m --cpus 1 pharos-agent
FROM golang:1.26-bookworm AS binary
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=${VERSION}" -o /out/pharos-agent ./agent
# The plugins that are programs of ours; the template is for copying.
RUN mkdir -p /out/plugins && for plugin in agent/plugins/*/main.go; do \
      name=$(basename "$(dirname "$plugin")"); [ "$name" = template ] || \
      CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o "/out/plugins/pharos-plugin-$name" "./agent/plugins/$name" || exit 1; \
    done

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10002 pharos-agent && useradd --system --uid 10002 --gid 10002 --home-dir /var/lib/pharos-agent --create-home pharos-agent
COPY --from=binary /out/pharos-agent /usr/bin/pharos-agent
COPY --from=binary /out/plugins /usr/lib/pharos-agent/plugins
COPY configs/agent.yaml /etc/pharos-agent/agent.yaml
RUN chmod 755 /etc/pharos-agent && chmod 644 /etc/pharos-agent/agent.yaml
ENV PHAROS_AGENT_ROOT=/host PHAROS_API_KEY_FILE=/etc/pharos-agent/api-key
USER 10002:10002
WORKDIR /var/lib/pharos-agent
VOLUME /var/lib/pharos-agent
HEALTHCHECK --interval=30s --start-period=30s CMD ["pharos-agent", "status"]
ENTRYPOINT ["pharos-agent"]
CMD ["run"]

# Needs BuildKit, which docker build has used by itself since Docker 23; before: DOCKER_BUILDKIT=1.
FROM --platform=$BUILDPLATFORM golang:1.26.5@sha256:3aff6657219a4d9c14e27fb1d8976c49c29fddb70ba835014f477e1c70636647 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w -X main.release=$VERSION" -o /sunbulk ./cmd/sunbulk

# Labels: docker build --build-arg VERSION=0.1.0 --build-arg REVISION=$(git rev-parse HEAD) .
# Holds CA certificates and a user that is not root, and nothing to log in to.
FROM gcr.io/distroless/static-debian12:nonroot@sha256:1b7b9f0f0e0a1d2155f531db587cc48ec26aaf97ab64364225f5bf18a054e66a
ARG VERSION=unknown REVISION=unknown
LABEL org.opencontainers.image.title=sunbulk \
      org.opencontainers.image.description="Bulk jobs on the channel links of messaging users" \
      org.opencontainers.image.source=https://github.com/sunbulk/sunbulk \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION \
      org.opencontainers.image.revision=$REVISION
COPY --from=build /sunbulk /usr/local/bin/sunbulk
ENTRYPOINT ["/usr/local/bin/sunbulk"]

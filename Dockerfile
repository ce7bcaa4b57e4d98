FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /sunbulk ./cmd/sunbulk

# Holds CA certificates and a user that is not root, and nothing to log in to.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /sunbulk /usr/local/bin/sunbulk
ENTRYPOINT ["/usr/local/bin/sunbulk"]

#!/usr/bin/env bash
# Makes everything that a release publishes, in dist/: static binaries, packages, a Homebrew formula, manual pages, lists of
# what is in the binaries (SBOM), and checksums. The same commit and Go give the same files, byte for byte.
set -euo pipefail
cd "$(dirname "$0")/../.."

commit=$(git rev-parse --short=12 HEAD)
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
VERSION=$(sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -1)
VERSION=${VERSION:-0.0.0}
if [ "$(git tag --points-at HEAD --list "v$VERSION")" = "" ]; then
	VERSION=$VERSION-next.$(git log -1 --date=format:%Y%m%d%H%M%S --format=%cd).g$commit # sorts before the release
fi
export SOURCE_DATE_EPOCH VERSION CGO_ENABLED=0
[ -z "$(git status --porcelain)" ] || echo "note: the tree has changes, so this is no release" >&2

command -v zip >/dev/null || { echo "no zip: apt-get install zip" >&2; exit 1; }
rm -rf dist
mkdir -p dist/build/man
go build -C tools/release -o ../../dist/build/ github.com/goreleaser/nfpm/v2/cmd/nfpm github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
go test ./cmd/sunbulk -count 1 -run '^TestManPages$' -man "$PWD/dist/build/man" -man-date "$SOURCE_DATE_EPOCH"
gzip -n9 dist/build/man/*.1

for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	os=${target%/*} arch=${target#*/} name=sunbulk_${VERSION}_${os}_${arch} binary=sunbulk
	[ "$os" != windows ] || binary=sunbulk.exe
	folder=dist/build/$name
	echo "$target"
	GOOS=$os GOARCH=$arch go build -trimpath -ldflags="-s -w -buildid= -X main.release=$VERSION" -o "$folder/$binary" ./cmd/sunbulk
	dist/build/cyclonedx-gomod bin -json -noserial -notimestamp -version "v$VERSION" -output "dist/$name.cdx.json" "$folder/$binary" 2>/dev/null
	cp -r README.md LICENSE CHANGELOG.md docs dist/build/man "$folder/"
	if [ "$os" = windows ]; then
		rm -r "$folder/man"
		find "$folder" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
		(cd dist/build && find "$name" -type f | LC_ALL=C sort | TZ=UTC zip -Xq@ "../$name.zip")
		continue
	fi
	tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX -C dist/build -cf - "$name" | gzip -n9 >"dist/$name.tar.gz"
done

native=dist/build/sunbulk_${VERSION}_$(go env GOHOSTOS)_$(go env GOHOSTARCH)/sunbulk
for shell in bash zsh fish; do
	"$native" completion $shell >"dist/build/completion.$shell"
done
find dist/build -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
for ARCH in amd64 arm64; do
	export ARCH
	for kind in deb rpm; do
		dist/build/nfpm package --config tools/release/nfpm.yaml --packager $kind --target "dist/sunbulk_${VERSION}_linux_$ARCH.$kind" >/dev/null
	done
done

sum() { sha256sum "dist/sunbulk_${VERSION}_$1.tar.gz" | cut -d ' ' -f 1; }
sed -e "s/@VERSION@/$VERSION/g" -e "s/@DARWIN_AMD64@/$(sum darwin_amd64)/" -e "s/@DARWIN_ARM64@/$(sum darwin_arm64)/" \
	-e "s/@LINUX_AMD64@/$(sum linux_amd64)/" -e "s/@LINUX_ARM64@/$(sum linux_arm64)/" tools/release/sunbulk.rb.in >dist/sunbulk.rb

rm -rf dist/build
(cd dist && sha256sum -- * >SHA256SUMS)
ls -l dist

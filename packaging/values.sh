# shellcheck shell=sh disable=SC2034 # used by who sources it
# What every script here that builds or tries packages begins with: source it from
# the root of the repository.

: "${VERSION:=$(git describe --tags --dirty 2>/dev/null | sed 's/^v//')}"
: "${VERSION:=0.1.0-dev}"
# Times within archives are the last commit's, so that the same source gives the
# same bytes.
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
export VERSION SOURCE_DATE_EPOCH

dist=$PWD/dist
work=$dist/work # what packages are made of; not kept
tags=migrated_fynedo
gui_os=$(uname -s | tr '[:upper:]' '[:lower:]')

# Tools written in Go are run as tools: the program does not depend on them.
nfpm=github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.44.0
winres=github.com/tc-hib/go-winres@v0.3.3
cyclonedx=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0
actionlint=github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf '%s\n' "$*" >&2; }
step() { printf '\n== %s\n' "$*" >&2; }

# lacks TOOL... says what is missing and succeeds, so that a part can be left out;
# under CI nothing is left out.
lacks() {
	for tool; do
		if has "$tool"; then continue; fi
		say "note: there is no $tool here, so this is left out"
		case ${CI:-} in '' | 0 | false) return 0 ;; esac
		exit 1
	done
	return 1
}

# tried FILE WORDS notes how an artefact was tried; `package.sh table` shows it.
tried() { printf '%s|%s\n' "$1" "$2" >>"$dist/tried"; }

# numbers gives the version as Windows counts: four numbers.
numbers() { printf '%s\n' "$VERSION" | sed -E 's/^([0-9]+\.[0-9]+\.[0-9]+).*/\1.0/'; }

# package_version gives it for package managers: commits behind a tag come after
# it (1.2.3+4.gabc), what leads to it comes before (1.2.3-rc.1).
package_version() { printf '%s\n' "$VERSION" | sed -E 's/-([0-9]+)-g([0-9a-f]+)/+\1.g\2/; s/-dirty$/+dirty/; s/(\+.*)\+dirty$/\1.dirty/'; }

# debian_version gives that as Debian writes it: what leads to it behind a tilde.
debian_version() { package_version | sed 's/-/~/'; }

# archive FILE.tar.xz|FILE.tar.gz|FILE.zip DIR packs a folder of $work.
archive() {
	find "$work/$2" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	case $1 in
	*.zip) (cd "$work" && rm -f "$1" && find "$2" | LC_ALL=C sort | TZ=UTC zip -q -X -9 "$1" -@) ;;
	*) tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -c "$2" |
		case $1 in *.xz) xz -6 -T1 ;; *) gzip -n -9 ;; esac >"$1" ;;
	esac
}

# compile OS ARCH TAGS OUT [LDFLAGS] builds the program. With a window the C
# compiler of that system has to be in CC.
compile() {
	case ,$3, in *,headless,*) cgo=0 ;; *) cgo=1 ;; esac
	CGO_ENABLED=$cgo GOOS=$1 GOARCH=$2 go build -trimpath -buildvcs=false -tags "$3" \
		-ldflags "-s -w -X main.version=$VERSION${REPOSITORY:+ -X main.repository=$REPOSITORY} ${5:-}" -o "$4" ./cmd/glmtray
}

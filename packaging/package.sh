#!/bin/sh
# Builds the packages into dist/.
#
#   package.sh [PART...]     headless linux windows image sbom: all of them
#   package.sh sums          SHA256SUMS of what is there
#   package.sh table         what is there, its size, and how it was tried
#   package.sh page          ... and the same into docs/packages.md
#
# What they are made of is described in docs/packages.md.
set -eu
cd "$(dirname "$0")/.."
. packaging/values.sh

# docs DIR puts the manual page and the completions there, from the program itself.
docs() {
	mkdir -p "$1"
	"$work/host/glmtray" man >"$1/glmtray.1"
	for shell in bash zsh fish; do "$work/host/glmtray" completion $shell >"$1/glmtray.$shell"; done
}

# host builds a program that runs here, for what it can say of itself.
host() {
	if [ -x "$work/host/glmtray" ]; then return; fi
	compile "$(go env GOHOSTOS)" "$(go env GOHOSTARCH)" $tags,headless "$work/host/glmtray"
}

# resources makes what Windows shows of a program: icon, version, manifest. The
# compiler takes it from beside the source (it knows no other way), where it stays
# until this script ends.
resources() {
	trap 'rm -f cmd/glmtray/rsrc_windows_*.syso' EXIT
	go run -trimpath $winres make --in packaging/windows/winres.json --out cmd/glmtray/rsrc --arch amd64,arm64 \
		--product-version "$VERSION" --file-version "$(numbers)"
}

# What has the window has a font in it, whose licence comes along.
licences() { cat LICENSE && printf '\n%s\n\n' '-----------------------------------------------------------' && cat assets/fonts/OFL.txt; }

# windows_text FILE gives a text with the line ends that Windows' own programs want.
windows_text() { sed 's/$/\r/' "$1"; }

headless() {
	step "static binaries without a window"
	host
	resources
	docs "$work/docs"
	for os in linux darwin windows; do
		for arch in amd64 arm64; do
			name=glmtray-$VERSION-headless-$os-$arch
			rm -rf "${work:?}/$name"
			mkdir -p "$work/$name"
			case $os in
			windows)
				compile $os $arch $tags,headless "$work/$name/glmtray.exe"
				windows_text LICENSE >"$work/$name/LICENSE.txt"
				windows_text README.md >"$work/$name/README.txt"
				sign "$work/$name/glmtray.exe"
				archive "$dist/$name.zip" "$name"
				continue
				;;
			linux)
				mkdir -p "$work/$name/systemd"
				cp packaging/systemd/*.service "$work/$name/systemd/"
				kind=tar.xz
				;;
			*) kind=tar.gz ;;
			esac
			compile $os $arch $tags,headless "$work/$name/glmtray"
			cp LICENSE README.md CHANGELOG.md "$work/docs/"* "$work/$name/"
			archive "$dist/$name.$kind" "$name"
		done
	done
}

# sign signs a Windows program if there is something to sign with.
sign() { if [ -n "${SIGN_PFX:-}${SIGN_ENGINE:-}" ]; then packaging/windows/sign.sh "$1"; fi; }

# stage lays a Linux program out below a folder: PREFIX is /usr or, in an archive,
# the folder itself.
stage() {
	mkdir -p "$1/bin" "$1/share/applications" "$1/share/metainfo" "$1/share/man/man1" "$1/share/doc/glmtray" \
		"$1/share/bash-completion/completions" "$1/share/fish/vendor_completions.d" "$1/share/zsh/site-functions"
	cp "$work/gui/glmtray" "$1/bin/"
	cp packaging/linux/org.glmtray.glmtray.desktop "$1/share/applications/"
	sed "s/@VERSION@/$(debian_version)/; s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" \
		packaging/linux/org.glmtray.glmtray.metainfo.xml >"$1/share/metainfo/org.glmtray.glmtray.metainfo.xml"
	for size in 16 22 24 32 48 64 128 256 512; do
		install -D -m 0644 assets/icon-$size.png "$1/share/icons/hicolor/${size}x$size/apps/org.glmtray.glmtray.png"
	done
	gzip -n -9 -c "$work/docs/glmtray.1" >"$1/share/man/man1/glmtray.1.gz"
	cp "$work/docs/glmtray.bash" "$1/share/bash-completion/completions/glmtray"
	cp "$work/docs/glmtray.zsh" "$1/share/zsh/site-functions/_glmtray"
	cp "$work/docs/glmtray.fish" "$1/share/fish/vendor_completions.d/glmtray.fish"
	cp README.md "$1/share/doc/glmtray/"
}

linux() {
	step "Linux, with a window"
	if [ "$gui_os" != linux ]; then
		say "note: the window is built on the system that it is for, and this is not Linux"
		return
	fi
	host
	docs "$work/docs"
	arch=$(go env GOHOSTARCH)
	compile linux "$arch" $tags "$work/gui/glmtray"

	name=glmtray-$VERSION-linux-$arch
	rm -rf "${work:?}/$name" "$work/root"
	stage "$work/$name"
	cp CHANGELOG.md "$work/$name/share/doc/glmtray/"
	licences >"$work/$name/share/doc/glmtray/LICENSE"
	archive "$dist/$name.tar.xz" "$name"

	stage "$work/root/usr"
	mkdir -p "$work/root/usr/lib/systemd/user" "$work/root/usr/lib/systemd/system"
	cp packaging/systemd/user.service "$work/root/usr/lib/systemd/user/glmtray.service"
	cp packaging/systemd/system.service "$work/root/usr/lib/systemd/system/glmtray.service"
	cp packaging/docker/env.example "$work/root/usr/share/doc/glmtray/env.example"
	gzip -n -9 -c CHANGELOG.md >"$work/root/usr/share/doc/glmtray/changelog.gz"
	printf 'glmtray (%s-1) unstable; urgency=medium\n\n  * See changelog.gz.\n\n -- The glmtray authors <glmtray@users.noreply.github.com>  %s\n' \
		"$(debian_version)" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -n -9 >"$work/root/usr/share/doc/glmtray/changelog.Debian.gz"
	gzip -n -9 "$work/root/usr/share/doc/glmtray/README.md"
	licences >"$work/root/usr/share/doc/glmtray/copyright"
	find "$work/root" -type d -exec chmod 0755 {} +
	find "$work/root" -type f -exec chmod 0644 {} +
	chmod 0755 "$work/root/usr/bin/glmtray"
	find "$work/root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
	sed "s,@ARCH@,$arch,; s,@VERSION@,$(package_version),; s,@STAGE@,$work/root,; s,@TIME@,$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)," \
		packaging/nfpm.yaml >"$work/nfpm.yaml"
	rm -f "$dist"/glmtray_*.deb "$dist"/glmtray-*.rpm
	# Debian has zsh's completions in a folder of its own, and a changelog.
	mkdir -p "$work/root/usr/share/zsh/vendor-completions"
	mv "$work/root/usr/share/zsh/site-functions/_glmtray" "$work/root/usr/share/zsh/vendor-completions/"
	rmdir "$work/root/usr/share/zsh/site-functions"
	go run -trimpath $nfpm package -f "$work/nfpm.yaml" -p deb -t "$dist/"
	mv "$work/root/usr/share/zsh/vendor-completions" "$work/root/usr/share/zsh/site-functions"
	rm "$work/root/usr/share/doc/glmtray/changelog.Debian.gz"
	go run -trimpath $nfpm package -f "$work/nfpm.yaml" -p rpm -t "$dist/"
}

windows() {
	step "Windows, with a window"
	cc=${MINGW_CC:-x86_64-w64-mingw32-gcc}
	if lacks "$cc" zip; then return; fi
	resources
	name=glmtray-$VERSION-windows-amd64
	rm -rf "${work:?}/$name"
	mkdir -p "$work/$name"
	CC=$cc compile windows amd64 $tags "$work/$name/glmtray.exe" "-H windowsgui"
	sign "$work/$name/glmtray.exe"
	licences >"$work/licences"
	windows_text "$work/licences" >"$work/$name/LICENSE.txt"
	windows_text README.md >"$work/$name/README.txt"
	archive "$dist/$name.zip" "$name"
	if lacks makensis convert; then return; fi
	convert assets/icon-16.png assets/icon-24.png assets/icon-32.png assets/icon-48.png assets/icon-256.png "$work/$name/glmtray.ico"
	makensis -V2 -DVERSION="$VERSION" -DNUMBERS="$(numbers)" -DSTAGE="$work/$name" -DOUT="$dist/$name-setup.exe" \
		packaging/windows/installer.nsi
	sign "$dist/$name-setup.exe"
}

# image makes what packaging/docker/Dockerfile makes, without a daemon.
image() {
	step "the image"
	if [ "$gui_os" != linux ] || lacks buildah; then return; fi
	name=glmtray-$VERSION-image-$(go env GOHOSTARCH).tar
	rm -rf "${work:?}/image" "${dist:?}/$name"
	mkdir -p "$work/image/app/data" "$work/image/app/logs" "$work/image/etc/ssl/certs"
	compile linux "$(go env GOHOSTARCH)" $tags,headless "$work/image/glmtray"
	cp /etc/ssl/certs/ca-certificates.crt "$work/image/etc/ssl/certs/"
	# The same last lines as the Dockerfile's: they are read from it.
	{
		echo 'FROM scratch'
		echo 'COPY --chown=0:0 glmtray /glmtray'
		echo 'COPY --chown=0:0 etc /etc'
		echo 'COPY --chown=65532:65532 app /app'
		sed '1,/^COPY --from=build/d' packaging/docker/Dockerfile
	} >"$work/image.Dockerfile"
	chmod 0700 "$work/image/app/data" "$work/image/app/logs"
	storage="--root $work/containers --runroot $work/run --storage-driver vfs"
	# shellcheck disable=SC2086 # two words each
	buildah $storage build --isolation chroot --format docker --timestamp "$SOURCE_DATE_EPOCH" -f "$work/image.Dockerfile" \
		-t "glmtray:$VERSION" "$work/image" >&2
	# shellcheck disable=SC2086
	buildah $storage push -q "glmtray:$VERSION" "docker-archive:$dist/$name:glmtray:$VERSION"
}

# sbom reads the modules out of the program itself: the one with the window, which
# has all of them.
sbom() {
	step "the list of what is in it"
	host
	program=$work/gui/glmtray
	if [ ! -e "$program" ]; then program=$work/host/glmtray; fi
	go run -trimpath $cyclonedx bin -json -noserial -version "v$VERSION" -output "$dist/glmtray-$VERSION.cdx.json" "$program"
	sed -i.bak "s/\"timestamp\": \".*\"/\"timestamp\": \"$(date -u -d "@$SOURCE_DATE_EPOCH" +%FT%TZ)\"/" "$dist/glmtray-$VERSION.cdx.json"
	rm "$dist/glmtray-$VERSION.cdx.json.bak"
	grep -q '"purl": "pkg:golang/github.com/alecthomas/kong@' "$dist/glmtray-$VERSION.cdx.json"
}

artefacts() {
	(cd "$dist" && find . -maxdepth 1 -type f ! -name SHA256SUMS ! -name tried | sed 's,^\./,,' | LC_ALL=C sort)
}

sums() { (cd "$dist" && artefacts | xargs sha256sum >SHA256SUMS); }

# how NAME says how an artefact was tried.
how() {
	said=$(sed -n "s/^$1|//p" "$dist/tried" 2>/dev/null | awk '!seen[$0]++ { printf "%s%s", sep, $0; sep = "; " }')
	printf '%s\n' "${said:-built, not tried here}"
}

table() {
	printf '\n%-52s %9s  %s\n' artefact size 'how it was tried'
	artefacts | while read -r name; do
		printf '%-52s %9s  %s\n' "$name" "$(du -h --apparent-size "$dist/$name" | cut -f1)" "$(how "$name")"
	done
}

# page puts the table between its two marks, with no version in the names.
page() {
	{
		printf '\n| artefact | MB | how it was tried |\n|---|---|---|\n'
		artefacts | while read -r name; do
			# shellcheck disable=SC2016 # Markdown's quotes
			printf '| `%s` | %s | %s |\n' "$name" "$(wc -c <"$dist/$name" | awk '{ printf "%.1f", $1 / 1e6 }')" "$(how "$name")"
		done | sed "s/$(debian_version)/VERSION/; s/$VERSION/VERSION/"
		printf '\nBuilt and tried on %s, %s.\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" "$(date -u +%F)"
		echo
	} >"$work/page"
	sed -i -e "/writes from here/r $work/page" -e '/writes from here/,/writes to here/{/writes \(from\|to\) here/!d}' docs/packages.md
}

mkdir -p "$work/host" "$work/gui"
if [ $# = 0 ]; then
	rm -rf "$dist/tried" "$work"
	mkdir -p "$work/host" "$work/gui"
	set -- headless linux windows image sbom sums
fi
for part; do
	case $part in
	headless | linux | windows | image | sbom | sums | table | page) $part ;;
	*)
		say "error: package.sh knows no part \"$part\""
		exit 2
		;;
	esac
done

#!/bin/sh
# Tries the packages in dist/: installs them where they can be installed here,
# runs them, and removes them.
#
#   try.sh [PART...]     headless deb rpm archive image windows files: all of them
#
# The .deb is installed in a clean Debian (debootstrap), so that part wants root.
set -eu
cd "$(dirname "$0")/.."
. packaging/values.sh

port=$((20000 + $$ % 20000)) # for what has to be given one
temp=$(mktemp -d)
running= # what was started here and is ended in any case
finish() {
	for pid in $running; do kill "$pid" 2>/dev/null || true; done
	if mountpoint -q "$temp/debian/proc" 2>/dev/null; then umount "$temp/debian/proc"; fi
	rm -rf "$temp"
}
trap finish EXIT

fail() {
	say "error: $*"
	exit 1
}

# until_true COMMAND... waits for what must come, for two minutes at most.
until_true() {
	tries=600
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		if [ $tries = 0 ]; then
			cat "$temp"/*.log >&2 || true
			fail "not within two minutes: $*"
		fi
		sleep 0.2
	done
}

# ask URL [KEY] sends one request and wants the demo's answer.
ask() {
	curl -fsS -D "$temp/headers" "$1/v1/chat/completions" -H 'content-type: application/json' ${2:+-H "authorization: Bearer $2"} \
		-d '{"model":"glm-4.6","messages":[{"role":"user","content":"Hello"}]}' | grep -q '"content"' || fail "$1 did not answer"
	grep -qi '^x-glmtray-route:' "$temp/headers" || fail "$1 is no glmtray"
}

# end PID interrupts what was started here and wants it to end well.
end() {
	kill -TERM "$1"
	wait "$1" || fail "it ended with $?"
}

# serves PROGRAM... starts a program that serves, sends a request, ends it.
serves() {
	rm -rf "$temp/data" "$temp/serves.log"
	GLMTRAY_DATA_DIR=$temp/data "$@" serve --addr 127.0.0.1:0 >"$temp/serves.log" 2>"$temp/serves-errors.log" &
	pid=$!
	running="$running $pid"
	until_true grep -qs '^listening on ' "$temp/serves.log"
	ask "$(tr -d '\r' <"$temp/serves.log" | sed -n 's/^listening on //p')"
	end $pid
}

# unpacked FILE unpacks an archive; its folder is $dir.
unpacked() {
	mkdir -p "$temp/unpacked"
	case $1 in
	*.zip) unzip -q -o -d "$temp/unpacked" "$dist/$1" ;;
	*) tar -C "$temp/unpacked" -xf "$dist/$1" ;;
	esac
	dir=$temp/unpacked/$(basename "$1" | sed -E 's/\.(zip|tar\.[gx]z)$//')
}

headless() {
	for file in "$dist"/glmtray-*-headless-*; do
		name=$(basename "$file")
		unpacked "$name"
		case $name in
		*linux-"$(go env GOHOSTARCH)"*)
			serves "$dir/glmtray"
			tried "$name" "unpacked, served a request"
			;;
		*linux-arm64*)
			if has qemu-aarch64-static; then
				serves qemu-aarch64-static "$dir/glmtray"
				tried "$name" "unpacked, served a request under qemu"
			fi
			;;
		*darwin*)
			go version -m "$dir/glmtray" >"$temp/build"
			grep -q 'GOOS=darwin' "$temp/build"
			[ "$(od -An -tx1 -N4 "$dir/glmtray")" = ' cf fa ed fe' ] || fail "$name holds no Mach-O program"
			tried "$name" "built, and read as a Mach-O program; not run, that takes a Mac"
			;;
		*windows-arm64*)
			go version -m "$dir/glmtray.exe" | grep -q 'GOARCH=arm64'
			tried "$name" "built; not run, that takes such a machine"
			;;
		esac
	done
}

# archive is the one for Linux with the window.
archive() {
	for file in "$dist"/glmtray-*-linux-*.tar.xz; do
		case $file in *-headless-*) continue ;; esac
		name=$(basename "$file")
		unpacked "$name"
		[ "$("$dir/bin/glmtray" version)" = "glmtray $VERSION" ] || fail "$name has another version"
		serves "$dir/bin/glmtray"
		tried "$name" "unpacked, served a request"
	done
}

# files checks what describes glmtray to others, each by the program that reads
# such files.
files() {
	step "descriptions"
	if ! lacks desktop-file-validate; then desktop-file-validate packaging/linux/org.glmtray.glmtray.desktop; fi

	if ! lacks appstreamcli; then
		sed "s/@VERSION@/$(debian_version)/; s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" packaging/linux/org.glmtray.glmtray.metainfo.xml \
			>"$temp/org.glmtray.glmtray.metainfo.xml"
		appstreamcli validate --no-net --pedantic "$temp/org.glmtray.glmtray.metainfo.xml"
	fi

	if ! lacks systemd-analyze; then
		mkdir -p "$temp/units"
		for unit in system user; do
			# The program may not be installed here, and /bin/true is everywhere.
			sed 's,^ExecStart=/usr/bin/glmtray.*,ExecStart=/bin/true,; /^Documentation=/s/man:glmtray(1) //' "packaging/systemd/$unit.service" >"$temp/units/glmtray-$unit.service"
			case $unit in user) scope=--user ;; *) scope= ;; esac
			# shellcheck disable=SC2086 # one word or none
			XDG_RUNTIME_DIR=$temp systemd-analyze $scope verify "$temp/units/glmtray-$unit.service" 2>"$temp/verify.log" || fail "$unit.service: $(cat "$temp/verify.log")"
			if grep "glmtray-$unit" "$temp/verify.log"; then fail "$unit.service, see above"; fi
		done
		# 2.0 of 10 is where systemd's own words turn from "OK" to "MEDIUM" and worse.
		systemd-analyze security --offline=yes --threshold=20 "$temp/units/glmtray-system.service" | tail -n 1
	fi

	# The types are those that the API server, the Prometheus operator and Grafana decode
	# into; a field that they do not know is an error.
	(cd packaging/check && go run . ../kubernetes/*.yaml ../grafana/*.json)

	if ! lacks shellcheck; then shellcheck packaging/*.sh packaging/*/*.sh packaging/linux/prerm packaging/linux/postrm; fi

	go run -trimpath $actionlint -shellcheck= -pyflakes= .github/workflows/*.yml
}

rpm_() {
	if lacks rpm; then return; fi
	for file in "$dist"/glmtray-*.rpm; do
		name=$(basename "$file")
		root=$temp/rpm
		mkdir -p "$root"
		rpm --root "$root" --initdb
		# Debian's rpm knows none of the packages that it needs, and there is no
		# shell in that root.
		rpm --root "$root" -i --nodeps --noscripts --ignoreos --ignorearch "$file"
		[ "$("$root/usr/bin/glmtray" version)" = "glmtray $VERSION" ] || fail "$name has another version"
		serves "$root/usr/bin/glmtray"
		rpm --root "$root" -V --nodeps glmtray
		rpm --root "$root" -e --nodeps --noscripts glmtray
		left=$(find "$root" -name '*glmtray*')
		[ -z "$left" ] || fail "$name left behind: $left"
		tried "$name" "installed by rpm into an empty root (dependencies and scripts not: no Fedora here), served a request, removed without residue"
	done
}

in_root() { chroot "$temp/debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

deb() {
	if lacks debootstrap; then return; fi
	if [ "$(id -u)" != 0 ]; then
		say "note: a clean root wants root, so the .deb is not installed"
		return
	fi
	name=$(basename "$dist"/glmtray_*.deb)
	step "$name in a clean Debian"
	if has lintian; then lintian --fail-on error "$dist/$name"; fi
	root=$temp/debian
	if [ -n "${DEBIAN_ROOT:-}" ]; then # one that debootstrap has made before
		cp -a "$DEBIAN_ROOT" "$root"
	else
		debootstrap --variant=minbase bookworm "$root" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$temp/debootstrap.log" 2>&1 ||
			fail "debootstrap: $(tail -n 5 "$temp/debootstrap.log")"
	fi
	mount -t proc proc "$root/proc"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	if [ -d /etc/apt/apt.conf.d ]; then cp -n /etc/apt/apt.conf.d/*proxy* "$root/etc/apt/apt.conf.d/" 2>/dev/null || true; fi
	cp "$dist/$name" packaging/session.sh "$root/tmp/"
	in_root apt-get update -qq
	# First with what it depends on and nothing else.
	in_root apt-get install -y -qq --no-install-recommends "/tmp/$name" >"$temp/apt.log" 2>&1 || fail "apt: $(tail -n 5 "$temp/apt.log")"
	[ "$(in_root glmtray version)" = "glmtray $VERSION" ] || fail "$name has another version"
	if in_root ldd /usr/bin/glmtray | grep 'not found'; then fail "$name depends on more than it says"; fi
	in_root apt-get install -y -qq --no-install-recommends dbus gnome-keyring libgl1-mesa-dri xvfb xdotool x11-utils curl >"$temp/apt.log" 2>&1 ||
		fail "apt: $(tail -n 5 "$temp/apt.log")"
	in_root useradd -m person
	in_root su person -c 'LANG=en_US.UTF-8 dbus-run-session -- sh /tmp/session.sh' || fail "the session failed"
	if in_root su person -c 'test -e ~/.config/autostart/glmtray.desktop'; then fail "it starts at login, unasked"; fi
	in_root apt-get purge -y -qq glmtray >"$temp/purge.log" 2>&1 || fail "apt: $(cat "$temp/purge.log")"
	grep -q 'glmtray restore' "$temp/purge.log" || fail "removing does not say what has to be done before"
	left=$(in_root find / -xdev -name '*glmtray*' -not -path '/home/*' -not -path '/tmp/*' -not -path '/proc/*')
	[ -z "$left" ] || fail "$name left behind: $left"
	tried "$name" "lintian; apt in a clean Debian 12; window under Xvfb, request served, Claude Code's file connected and put back to the byte; purged without residue"
}

image() {
	if lacks buildah; then return; fi
	name=glmtray-$VERSION-image-$(go env GOHOSTARCH).tar
	step "$name"
	storage="--root $temp/containers --runroot $temp/run --storage-driver vfs"
	# shellcheck disable=SC2086 # two words each
	in_image() { buildah $storage run --isolation chroot try -- /glmtray "$@"; }
	# shellcheck disable=SC2086
	buildah $storage from -q --name try "docker-archive:$dist/$name" >/dev/null
	# shellcheck disable=SC2086
	inside=$(buildah $storage mount try)
	for start in first second; do
		in_image serve --allow-remote --addr "0.0.0.0:$port" >"$temp/$start.log" 2>"$temp/$start-errors.log" &
		pid=$!
		running="$running $pid"
		until_true grep -qs '^listening on ' "$temp/$start.log"
		until_true grep -qs 'demo provider' "$temp/$start-errors.log"
		in_image status >"$temp/status.log" # the health check
		if [ $start = first ]; then
			key=$(grep -o 'sk-[A-Za-z0-9_-]*' "$temp/first.log") || fail "no client key was printed"
		fi
		code=$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/v1/models")
		[ "$code" = 401 ] || fail "without a key it answered $code"
		ask "http://127.0.0.1:$port" "$key"
		# buildah passes no signal on: the program itself is told.
		inner=$(pgrep -f "^/glmtray serve --allow-remote --addr 0.0.0.0:$port\$")
		[ "$(ps -o uid= -p "$inner" | tr -d ' ')" = 65532 ] || fail "it runs as user $(ps -o uid= -p "$inner")"
		kill -TERM "$inner"
		wait $pid || fail "it ended with $?"
	done
	# What buildah itself puts there is in /etc and /run.
	written=$(find "$inside" -xdev -newer "$temp/first.log" -type f ! -path "$inside/etc/*" ! -path "$inside/run/*")
	[ -z "$written" ] || fail "with a read-only root it could not have written $written"
	if grep -q sk- "$temp/first-errors.log" "$temp/second.log" "$temp/second-errors.log"; then fail "the key is told more than once"; fi
	tried "$name" "built without a daemon, run by buildah: as user 65532, nothing written but data and logs, the first start printed a client key once, 401 without it, request served, health check, second start"
}

# wine_home prepares a Windows of its own.
wine_home() {
	export WINEPREFIX="$temp/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree=;mshtml=" LANG=C.UTF-8
	unset DISPLAY WAYLAND_DISPLAY
	wineboot -i >"$temp/wineboot.log" 2>&1
	# Wine 8 lacks a library of Windows 10 that Go's run-time wants.
	if [ ! -e "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" ]; then
		x86_64-w64-mingw32-gcc -O2 -shared -o "$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll" packaging/windows/prng.c -ladvapi32
		note=" with a stand-in for bcryptprimitives.dll, which Wine 8 lacks"
	fi
}

windows() {
	if lacks wine osslsigncode x86_64-w64-mingw32-gcc; then return; fi
	step "Windows, under Wine"
	note=
	wine_home
	for name in "glmtray-$VERSION-headless-windows-amd64.zip" "glmtray-$VERSION-windows-amd64.zip"; do
		if [ ! -e "$dist/$name" ]; then continue; fi
		unpacked "$name"
		[ "$(wine "$dir/glmtray.exe" version | tr -d '\r')" = "glmtray $VERSION" ] || fail "$name has another version"
		wine_serves "$dir/glmtray.exe"
		tried "$name" "served a request under Wine$note; not tried on a real Windows"
	done
	signing
	installer
}

# wine_serves PROGRAM as serves does; it is ended as Windows does, without grace.
wine_serves() {
	GLMTRAY_DATA_DIR='C:\trial' wine "$1" serve --addr "127.0.0.1:$port" >"$temp/wine.log" 2>"$temp/wine-errors.log" &
	running="$running $!"
	until_true grep -qs '^listening on ' "$temp/wine.log"
	ask "http://127.0.0.1:$port"
	wineserver -k
	wait $! || true
}

# signing signs with a certificate made for it, and checks the signature as a
# machine would that trusts that certificate.
signing() {
	(
		umask 077
		openssl req -x509 -newkey rsa:3072 -sha256 -nodes -days 2 -subj '/O=The glmtray authors/CN=glmtray trial' \
			-addext extendedKeyUsage=codeSigning -addext keyUsage=digitalSignature -keyout "$temp/key.pem" -out "$temp/cert.pem" 2>/dev/null
		openssl rand -hex 16 >"$temp/pass"
		openssl pkcs12 -export -inkey "$temp/key.pem" -in "$temp/cert.pem" -passout "file:$temp/pass" -out "$temp/trial.pfx"
	)
	for file in "$dir/glmtray.exe" "$dist/glmtray-$VERSION-windows-amd64-setup.exe"; do
		if [ ! -e "$file" ]; then continue; fi
		cp "$file" "$temp/signed.exe"
		SIGN_PFX=$temp/trial.pfx SIGN_PASS_FILE=$temp/pass SIGN_ENGINE='' SIGN_TIMESTAMP='' packaging/windows/sign.sh "$temp/signed.exe"
		osslsigncode verify -CAfile "$temp/cert.pem" -in "$temp/signed.exe" >"$temp/verify.log" 2>&1 || fail "the signature: $(cat "$temp/verify.log")"
		grep -q 'Signature verification: ok' "$temp/verify.log" || fail "the signature: $(cat "$temp/verify.log")"
		printf 'x' | dd of="$temp/signed.exe" bs=1 seek=4096 conv=notrunc status=none
		if osslsigncode verify -CAfile "$temp/cert.pem" -in "$temp/signed.exe" >/dev/null 2>&1; then fail "a changed program passes for signed"; fi
		case $file in
		*-setup.exe) tried "$(basename "$file")" "signed with a certificate of its own, and verified" ;;
		*) tried "glmtray-$VERSION-windows-amd64.zip" "glmtray.exe signed with a certificate of its own, and verified" ;;
		esac
	done
}

installer() {
	name=glmtray-$VERSION-windows-amd64-setup.exe
	if [ ! -e "$dist/$name" ]; then return; fi
	wine "$dist/$name" /S
	installed=$(find "$WINEPREFIX/drive_c/users" -path '*Programs/glmtray/glmtray.exe')
	[ -n "$installed" ] || fail "$name installed nothing; it is a 32-bit program: does this Wine run such (packaging/setup.sh package)?"
	wine reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\glmtray' /v DisplayVersion | grep -q "$VERSION" ||
		fail "$name is not in the list of programs"
	wine_serves "$installed"
	# It goes on in a copy of itself, since no program can remove itself: the end of
	# all that runs in this Windows is waited for.
	wine "$(dirname "$installed")/uninstall.exe" /S
	wineserver -w
	if [ -e "$installed" ]; then fail "$name left the program behind"; fi
	if wine reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\glmtray' >/dev/null 2>&1; then fail "$name stays in the list of programs"; fi
	left=$(find "$WINEPREFIX/drive_c" -name '*glmtray*' ! -path '*/trial/*' ! -name '*.ico')
	[ -z "$left" ] || fail "$name left behind: $left"
	tried "$name" "installed, run and removed without residue under Wine$note"
}

if [ $# = 0 ]; then set -- files headless archive deb rpm image windows; fi
for part; do
	case $part in
	rpm) rpm_ ;;
	headless | archive | deb | image | windows | files) $part ;;
	*)
		say "error: try.sh knows no part \"$part\""
		exit 2
		;;
	esac
done

#!/bin/sh
# Installs what glmtray's tests and builds need from the system, and only that.
#
#   setup.sh NEED    install what NEED (build, test, e2e, screenshots, bench, package)
#                    lacks here; asks once
#   setup.sh race    print "-race" if go test can use the race detector here
#   setup.sh tags    print the build tags of what can be built here: with the
#                    window, or headless; installs nothing
#
# It shows one package command and asks. YES=1, CI, or root without a terminal:
# it does not ask. If the answer is no, or there is no way to install, it says
# what will be skipped and goes on; under CI it fails.
set -eu

# One row a thing: needs | how it is noticed | Debian, Ubuntu | Fedora | Arch | what for
# A "-" means that nothing has to be installed there. On macOS no row is needed:
# the keychain and the window are parts of the system, and the C compiler is
# Apple's.
rows() {
	cat <<'ROWS'
build test package screenshots | compiles                  | gcc libc6-dev              | gcc glibc-devel      | gcc                | the window, the race detector
build test package screenshots | has pkg-config            | pkg-config                 | pkgconf-pkg-config   | pkgconf            | finding the libraries of the window
build test package screenshots | library gl                | libgl1-mesa-dev            | mesa-libGL-devel     | mesa               | drawing the window
build test package screenshots | library x11               | libx11-dev                 | libX11-devel         | libx11             | the window under X11
build test package screenshots | library xcursor           | libxcursor-dev             | libXcursor-devel     | libxcursor         | the window under X11
build test package screenshots | library xrandr            | libxrandr-dev              | libXrandr-devel      | libxrandr          | the window under X11
build test package screenshots | library xinerama          | libxinerama-dev            | libXinerama-devel    | libxinerama        | the window under X11
build test package screenshots | library xi                | libxi-dev                  | libXi-devel          | libxi              | the window under X11
build test package screenshots | library xxf86vm           | libxxf86vm-dev             | libXxf86vm-devel     | libxxf86vm         | the window under X11
build test package screenshots | library wayland-client    | libwayland-dev             | wayland-devel        | wayland            | the window under Wayland
build test package screenshots | library xkbcommon         | libxkbcommon-dev           | libxkbcommon-devel   | libxkbcommon       | the keyboard
test screenshots               | has dbus-daemon           | dbus                       | dbus-daemon          | dbus               | a private message bus
test screenshots               | has gnome-keyring-daemon  | gnome-keyring              | gnome-keyring        | gnome-keyring      | a real keychain under the tests
test screenshots               | has secret-tool           | libsecret-tools            | libsecret            | libsecret          | a second pair of eyes on that keychain
test screenshots               | has Xvfb                  | xvfb                       | xorg-x11-server-Xvfb | xorg-server-xvfb   | a display of the tests' own
test screenshots               | rasterises                | libgl1-mesa-dri            | mesa-dri-drivers     | mesa               | drawing without a graphics card
test screenshots               | has openbox               | openbox                    | openbox              | openbox            | a window manager on that display
test screenshots               | has xdotool               | xdotool                    | xdotool              | xdotool            | a hand on its keyboard and mouse
test screenshots               | has xclip                 | xclip                      | xclip                | xclip              | reading what the window has copied
test screenshots               | has xprop                 | x11-utils                  | xprop                | xorg-xprop         | looking whether the window manager is there
test                           | has curl                  | curl                       | curl                 | curl               | the calls that the pages show
test                           | has chromium              | chromium                   | chromium             | chromium           | the page under /_ui/ in a browser
test e2e                       | has npm                   | npm                        | npm                  | npm                | fetching the agents that the tests run
test screenshots               | has import                | imagemagick                | ImageMagick          | imagemagick        | pictures of the window
package                        | has convert               | imagemagick                | ImageMagick          | imagemagick        | the icon of the Windows installer
package                        | has xz                    | xz-utils                   | xz                   | xz                 | archives for Linux
package                        | has zip                   | zip                        | zip                  | zip                | archives for Windows
package                        | mingw                     | gcc-mingw-w64-x86-64-win32 | mingw64-gcc          | mingw-w64-gcc      | the program for Windows, with its window
package                        | has makensis              | nsis                       | mingw32-nsis         | -                  | the installer for Windows
package                        | has osslsigncode          | osslsigncode               | osslsigncode         | osslsigncode       | signing what is for Windows
package                        | has wine                  | wine wine64                | wine                 | wine               | trying what is for Windows
package                        | wine32                    | wine32:i386                | -                    | -                  | trying the installer for Windows, a 32-bit program
package                        | has buildah               | buildah                    | buildah              | buildah            | the image, without a daemon
package                        | has debootstrap           | debootstrap                | debootstrap          | debootstrap        | a clean Debian to try the .deb in
package                        | has rpm                   | rpm                        | rpm                  | rpm-tools          | looking into the .rpm
package                        | has desktop-file-validate | desktop-file-utils         | desktop-file-utils   | desktop-file-utils | checking the desktop entry
package                        | has appstreamcli          | appstream                  | appstream            | appstream          | checking what software centres are told
package                        | has lintian               | lintian                    | lintian              | -                  | checking the .deb
package                        | has shellcheck            | shellcheck                 | ShellCheck           | shellcheck         | checking the scripts
bench                          | has_nginx                 | nginx-light                | nginx                | nginx              | a plain reverse proxy to compare with
screenshots                    | has xfce4-panel           | xfce4-panel                | xfce4-panel          | xfce4-panel        | a panel that draws the tray's menu
package                        | has qemu-aarch64-static   | qemu-user-static           | qemu-user-static     | qemu-user-static   | trying what is for other processors
ROWS
}

has() { command -v "$1" >/dev/null 2>&1; }

# has_nginx: it stands where only root looks.
has_nginx() { has nginx || [ -x /usr/sbin/nginx ]; }

# compiles: a compiler alone is not enough, cgo needs the C library's headers.
compiles() {
	# On macOS without Apple's tools, cc is a stub that opens a dialogue.
	if [ "$(uname -s)" = Darwin ] && ! xcode-select -p >/dev/null 2>&1; then return 1; fi
	cc=${CC:-gcc}
	has "${cc%% *}" || cc=cc
	has "${cc%% *}" || cc=clang
	# shellcheck disable=SC2086 # CC may hold flags
	printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | $cc -x c -o /dev/null - >/dev/null 2>&1
}

# library: its headers are there.
library() { has pkg-config && pkg-config --exists "$1"; }

# mingw: the compiler for Windows; its name is the same everywhere.
mingw() { has x86_64-w64-mingw32-gcc; }

# wine32: Wine runs 32-bit programs too. What it has for them is in one of its own
# folders, wherever those are; on other processors there is none to be had.
wine32() {
	if [ "$(uname -m)" != x86_64 ]; then return 0; fi
	for library in /usr/lib*/wine/i386-windows/ntdll.dll /usr/lib/*/wine/i386-windows/ntdll.dll; do
		if [ -e "$library" ]; then return 0; fi
	done
	return 1
}

# rasterises: Mesa's software driver is there, whatever the folder is called.
rasterises() {
	for driver in /usr/lib*/dri/swrast_dri.so /usr/lib/*/dri/swrast_dri.so; do
		if [ -e "$driver" ]; then return 0; fi
	done
	return 1
}

on_ci() { case "${CI:-}" in '' | 0 | false) return 1 ;; esac; }

say() { printf '%s\n' "$*" >&2; }

# manager names this machine's package manager by its column in the table.
manager() {
	if [ "$(uname -s)" = Darwin ]; then echo macos
	elif has apt-get; then echo debian
	elif has dnf; then echo fedora
	elif has pacman; then echo arch
	else echo unknown
	fi
}

# missing prints "packages | what for" for each row of a need that is not met.
missing() {
	rows | while IFS='|' read -r need check debian fedora arch purpose; do
		# shellcheck disable=SC2086,SC2116 # the blanks around and between words go
		case " $(echo $need) " in *" $1 "*) ;; *) continue ;; esac
		if eval "$check" </dev/null; then continue; fi
		case $2 in
		debian) packages=$debian ;;
		fedora) packages=$fedora ;;
		arch) packages=$arch ;;
		macos) continue ;;
		*) packages=$debian ;;
		esac
		# shellcheck disable=SC2086,SC2116
		[ "$(echo $packages)" = - ] || echo $packages "|" $purpose
	done
}

# command_for prints the package command, without what makes us root.
command_for() {
	case $1 in
	debian) echo "apt-get install -y --no-install-recommends $2" ;;
	fedora) echo "dnf install -y $2" ;;
	arch) echo "pacman -S --needed --noconfirm $2" ;;
	esac
}

# become prints what makes a command run as root; it fails if nothing does.
become() {
	if [ "$(id -u)" = 0 ]; then return 0; fi
	if has sudo; then
		# Where nobody can type a password, fail rather than wait for one.
		if [ -t 0 ]; then echo sudo; else echo sudo -n; fi
	elif has doas; then echo doas
	else return 1
	fi
}

# allowed asks once, where somebody is there to answer.
allowed() {
	if [ "${YES:-}" = 1 ] || on_ci; then return 0; fi
	if [ ! -t 0 ]; then [ "$(id -u)" = 0 ]; return; fi
	printf 'run it now? [Y/n] ' >&2
	read -r answer || return 1
	case $answer in '' | [yY]*) return 0 ;; *) return 1 ;; esac
}

# install runs the package command; lists of packages that are old or missing
# are fetched once.
install() {
	log=$(mktemp)
	trap 'rm -f "$log"' EXIT
	export DEBIAN_FRONTEND=noninteractive
	case $1,$2 in
	debian,*:i386*)
		$3 dpkg --add-architecture i386 >"$log" 2>&1
		$3 apt-get update >>"$log" 2>&1 </dev/null || true
		;;
	esac
	if $2 >"$log" 2>&1 </dev/null; then return 0; fi
	case $1 in
	debian) $3 apt-get update >>"$log" 2>&1 </dev/null || true ;;
	arch) $3 pacman -Sy --noconfirm >>"$log" 2>&1 </dev/null || true ;;
	esac
	if $2 >>"$log" 2>&1 </dev/null; then return 0; fi
	tail -n 15 "$log" >&2
	return 1
}

# without says what will not happen. Under CI that is a failure.
without() {
	if on_ci; then
		say "error: $1 and CI tests everything"
		exit 1
	fi
	say "note: $1; what needs it is skipped, and says so"
	exit 0
}

setup() {
	need=$1
	case $need in
	build | test | e2e | screenshots | bench | package) ;;
	*)
		say "error: setup.sh knows no need \"$need\""
		exit 2
		;;
	esac
	system=$(manager)
	lacks=$(missing "$need" "$system")
	if [ -z "$lacks" ]; then return 0; fi
	packages=$(echo "$lacks" | cut -d'|' -f1 | tr ' ' '\n' | sed '/^$/d' | awk '!seen[$0]++' | paste -sd' ' -)

	say "make $need needs, and this machine lacks:"
	echo "$lacks" | sed "s/ |/:/; s/^/  /" >&2
	if [ "$system" = unknown ]; then
		without "there is no package manager here that setup.sh knows (apt-get, dnf, pacman)"
	fi
	if ! root=$(become); then
		without "installing needs root, and there is neither sudo nor doas"
	fi
	command=$(command_for "$system" "$packages")
	if [ -n "$root" ]; then command="$root $command"; fi
	case $system,$packages in debian,*:i386*) say "  ${root:+$root }dpkg --add-architecture i386" ;; esac
	say "  $command"
	if ! allowed; then without "not installed"; fi
	if ! install "$system" "$command" "$root"; then without "the command failed"; fi
	lacks=$(missing "$need" "$system")
	if [ -n "$lacks" ]; then without "installed, but still not found: $(echo "$lacks" | cut -d'|' -f2 | paste -sd, -)"; fi
}

# race needs a C compiler and a machine that the detector was made for.
race() {
	case $(go env GOARCH) in
	amd64 | arm64 | loong64 | ppc64le | riscv64 | s390x) ;;
	*)
		say "note: the race detector does not know $(go env GOARCH), the tests run without it"
		return
		;;
	esac
	if compiles; then echo -race; else say "note: no C compiler, the tests run without the race detector"; fi
}

# tags: the window wants a C compiler and, beside macOS and Windows, headers.
tags() {
	if compiles; then
		case $(uname -s) in
		Darwin | MINGW* | MSYS* | CYGWIN*) lacks= ;;
		*) lacks=$(missing build "$(manager)") ;;
		esac
	else lacks="C compiler"; fi
	if [ -z "$lacks" ]; then echo migrated_fynedo; else
		say "note: this machine lacks what building the window needs (see: packaging/setup.sh build), so it is left out"
		echo migrated_fynedo,headless
	fi
}

case ${1:-} in
race) race ;;
tags) tags ;;
'')
	say "usage: setup.sh build | test | e2e | screenshots | bench | package | race | tags"
	exit 2
	;;
*) setup "$1" ;;
esac

#!/bin/sh
# Builds glmtray.app and a .dmg with it, on a Mac.
#
#   bundle.sh                dist/glmtray-VERSION-macos-universal.dmg
#
# MACOS_IDENTITY names a "Developer ID Application" certificate in the keychain:
# with it the app is signed, without it is signed for this Mac alone. NOTARY_PROFILE
# names credentials of notarytool (xcrun notarytool store-credentials), NOTARY_KEYCHAIN
# the keychain they are in if it is not the usual one: with them Apple is asked for
# a ticket, which is stapled to the .dmg.
set -eu
cd "$(dirname "$0")/../.."
. packaging/values.sh

app=$work/macos/glmtray.app
image=$dist/glmtray-$VERSION-macos-universal.dmg

rm -rf "$work/macos" "$image"
mkdir -p "$app/Contents/MacOS" "$app/Contents/Resources" "$work/macos/glmtray.iconset"

for arch in amd64 arm64; do
	case $arch in amd64) apple=x86_64 ;; *) apple=arm64 ;; esac
	CGO_CFLAGS="-arch $apple -mmacosx-version-min=12.0" CGO_LDFLAGS="-arch $apple -mmacosx-version-min=12.0" \
		compile darwin $arch "$tags" "$work/macos/glmtray-$arch"
done
lipo -create -output "$app/Contents/MacOS/glmtray" "$work/macos/glmtray-amd64" "$work/macos/glmtray-arm64"

for size in 16 32 128 256 512; do
	cp "assets/icon-$size.png" "$work/macos/glmtray.iconset/icon_${size}x$size.png"
done
cp assets/icon-32.png "$work/macos/glmtray.iconset/icon_16x16@2x.png"
cp assets/icon-64.png "$work/macos/glmtray.iconset/icon_32x32@2x.png"
cp assets/icon-256.png "$work/macos/glmtray.iconset/icon_128x128@2x.png"
cp assets/icon-512.png "$work/macos/glmtray.iconset/icon_256x256@2x.png"
iconutil -c icns -o "$app/Contents/Resources/glmtray.icns" "$work/macos/glmtray.iconset"
sed "s/@NUMBERS@/$(numbers | sed 's/\.0$//')/" packaging/macos/Info.plist >"$app/Contents/Info.plist"
plutil -lint "$app/Contents/Info.plist"
printf 'APPL????' >"$app/Contents/PkgInfo"

if [ -n "${MACOS_IDENTITY:-}" ]; then
	codesign --force --options runtime --timestamp --sign "$MACOS_IDENTITY" "$app"
else
	codesign --force --sign - "$app"
fi
codesign --verify --strict --verbose=2 "$app"

mkdir -p "$work/macos/image"
cp -R "$app" "$work/macos/image/"
ln -s /Applications "$work/macos/image/Applications"
hdiutil create -volname glmtray -srcfolder "$work/macos/image" -format UDZO -ov "$image"
if [ -n "${MACOS_IDENTITY:-}" ]; then codesign --timestamp --sign "$MACOS_IDENTITY" "$image"; fi
if [ -n "${NOTARY_PROFILE:-}" ]; then
	xcrun notarytool submit "$image" --keychain-profile "$NOTARY_PROFILE" ${NOTARY_KEYCHAIN:+--keychain "$NOTARY_KEYCHAIN"} --wait
	xcrun stapler staple "$image"
	spctl --assess --type open --context context:primary-signature --verbose "$image"
fi
"$app/Contents/MacOS/glmtray" version

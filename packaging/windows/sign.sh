#!/bin/sh
# Signs Windows programs with Authenticode, as Windows wants it for programs
# from the network.
#
#   sign.sh FILE...          replaces each FILE by its signed self
#
# SIGN_PFX is the certificate with its key (PKCS#12), SIGN_PASS_FILE a file with
# its password; SIGN_TIMESTAMP the URL of a time-stamping authority (RFC 3161),
# without which a signature ends with its certificate. A key that may not leave a
# token or a cloud is used through SIGN_ENGINE, words for osslsigncode in place of
# the PKCS#12: -pkcs11module … -pkcs11cert … -key ….
set -eu
if [ -z "${SIGN_ENGINE:-}" ]; then
	: "${SIGN_PFX:?a PKCS#12 file with certificate and key, or SIGN_ENGINE}" "${SIGN_PASS_FILE:?a file with its password}"
fi
for file; do
	rm -f "$file.signed"
	set -- sign -h sha256 -n glmtray -i https://github.com/glmtray/glmtray
	if [ -n "${SIGN_TIMESTAMP:-}" ]; then set -- "$@" -ts "$SIGN_TIMESTAMP"; fi
	if [ -n "${SIGN_ENGINE:-}" ]; then
		# shellcheck disable=SC2086 # it is a list of words
		osslsigncode "$@" $SIGN_ENGINE -in "$file" -out "$file.signed"
	else
		osslsigncode "$@" -pkcs12 "$SIGN_PFX" -readpass "$SIGN_PASS_FILE" -in "$file" -out "$file.signed"
	fi
	mv "$file.signed" "$file"
done

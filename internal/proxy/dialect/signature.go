package dialect

import "strings"

// signatureMark begins every signature that a client of ours gets to see. Behind
// it stand the provider that thought, and the provider's own signature, which is
// empty where its dialect has none: "glmtray:v1:zai:EpwCCkY…".
//
// Clients keep signatures byte for byte (Claude Code 2.1.197, measured
// 2026-11-20), so history tells by itself who has thought what, and nothing need
// be remembered: only the author gets a signature back, since every other one
// would refuse it.
const signatureMark = "glmtray:v1:"

// Sign gives the signature that a client sees for a provider's own.
func Sign(provider, own string) string { return signatureMark + provider + ":" + own }

// Unsign takes it apart. ok is false for a signature that is not from here; one of
// which only a part came back is from here all the same, and nobody's.
func Unsign(signature string) (provider, own string, ok bool) {
	rest, ok := strings.CutPrefix(signature, signatureMark)
	if !ok {
		return "", "", false
	}
	provider, own, _ = strings.Cut(rest, ":")
	return provider, own, true
}

// signatureLead is what each signature of a provider's begins with towards a
// client, as it stands in a JSON string.
func signatureLead(provider string) string { return string(inner(Sign(provider, ""))) }

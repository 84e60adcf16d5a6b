// Package secret keeps provider keys from being printed.
//
// A [Value] holds one key. Whatever fmt, slog, encoding/json, encoding/gob or a
// debugger's %#v does with it, only a fixed mark comes out. The text leaves
// through [Value.Reveal] alone, and Reveal is called in two places of the
// program: where the outgoing header is written (proxy/upstream) and where the
// OS keychain is (store/keychain). A test holds that.
//
// Foreign texts (vendors echo keys in their error messages) pass through a
// [Scrubber] before they are shown, logged or kept.
//
// Everything here is safe for concurrent use. What does not belong here: where
// keys are kept, and which key is used.
package secret

// Package chat is the hub between wire formats: the words that routing, key
// pools and dialects share about one request and its answer.
//
// It holds values only and imports nothing but the standard library. What does
// not belong here: how a value looks on any wire (dialect), and where a request
// goes (route).
package chat

package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/proxy/upstream"
	"github.com/glmtray/glmtray/internal/store"
)

// How many requests a report tells of.
const (
	bundleLast   = 30
	bundleFailed = 20
)

// requests are the last decisions, and the last that went wrong.
func (b *bundle) requests() {
	b.linef("\n## Requests")
	if b.d.settings == nil || !store.Exists(b.d.settings.DataDir) {
		b.linef("\nThere is no record.")
		return
	}
	s, err := store.Open(b.d.ctx, b.d.settings.DataDir, nil)
	if err != nil {
		b.linef("\nThe records cannot be read: %s", b.r.foreign(err.Error()))
		return
	}
	defer func() { _ = s.Close() }() // it was only read
	for _, part := range []struct {
		title string
		q     store.RequestQuery
	}{
		{"The last %d", store.RequestQuery{Limit: bundleLast}},
		{"The last %d that failed", store.RequestQuery{Limit: bundleFailed, Status: "error"}},
	} {
		list, err := s.Requests(b.d.ctx, part.q)
		if err != nil {
			b.linef("\nThey cannot be read: %s", b.r.foreign(err.Error()))
			continue
		}
		b.linef("\n"+part.title+":", len(list))
		lines := make([]string, len(list))
		for i := range list {
			lines[i] = b.request(&list[i])
		}
		b.code(lines)
	}
}

// request is one line of known words.
func (b *bundle) request(r *store.Request) string {
	var tries []string
	for _, t := range r.Tries {
		text := b.id(t.Provider) + "/" + b.model(t.Model) + " " + oneOf(t.Class, classes())
		if t.Status > 0 {
			text += fmt.Sprintf(" %d", t.Status)
		}
		tries = append(tries, text+" "+t.Took.Round(time.Millisecond).String())
	}
	stream := "whole"
	if r.Stream {
		stream = "stream"
	}
	return fmt.Sprintf("%s %s %s %s asked=%s rule=%s -> %d %s took=%s first=%s tokens=%d+%d [%s]",
		r.Time.UTC().Format(time.RFC3339), oneOf(r.Method, methods), oneOf(r.Path, paths), stream, b.model(r.Asked), b.ruleName(r.Rule),
		r.Status, oneOf(r.Outcome, outcomes), r.Took.Round(time.Millisecond), r.FirstByte.Round(time.Millisecond),
		r.Tokens.Prompt, r.Tokens.Completion, strings.Join(tries, "; "))
}

// oneOf lets a word through that is known.
func oneOf(word string, known []string) string {
	switch {
	case word == "":
		return "-"
	case slices.Contains(known, word):
		return strings.ReplaceAll(word, " ", "_")
	}
	return "(other)"
}

var methods = []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"}

var paths = []string{
	"/v1/chat/completions", "/chat/completions", "/v1/messages", "/messages", "/anthropic/v1/messages", "/v1/messages/count_tokens",
	"/anthropic/v1/messages/count_tokens", "/v1/responses", "/responses", "/v1/models", "/models", "/v1/embeddings", "/embeddings", "/v1/completions",
}

// outcomes are the words of the proxy's own.
var outcomes = []string{
	"ok", "client left", "failed in mid-stream", "cut", "broken off", "client_gone", "all_providers_failed", "invalid_api_key", "context_length_exceeded",
	"no_provider_key", "all_keys_cooling", "model_not_found", "bad_path", "bad_method", "paused", "at_capacity", "origin_not_allowed", "host_not_allowed",
	"model_too_long", "invalid_json", "request_too_large", "no_usable_key", "body_unreadable", "internal_error", "content_encoding",
}

// classes are the words for what came back.
var classes = sync.OnceValue(func() (words []string) {
	for c := upstream.OK; c <= upstream.Cancelled; c++ {
		words = append(words, c.String())
	}
	return words
})

// vendorModels are the ids that vendors list, as far as this program knows.
var vendorModels = sync.OnceValue(func() map[string]bool {
	known := map[string]bool{}
	for _, role := range config.Roles {
		known[string(role)] = true
	}
	for _, p := range config.Presets() {
		for id := range p.Models {
			known[id] = true
		}
		for _, ids := range p.Roles {
			for _, id := range ids {
				known[id] = true
			}
		}
	}
	return known
})

// model names a model that is known; a client may ask for anything, and a provider
// may call itself anything.
func (b *bundle) model(id string) string {
	switch {
	case id == "":
		return "-"
	case vendorModels()[id]:
		return id
	}
	for _, pattern := range config.DefaultAliases() {
		if family, open := strings.CutSuffix(pattern, "*"); open && strings.HasPrefix(id, family) {
			return pattern
		}
	}
	return "(other)"
}

// ruleName numbers the rules of the user's own.
func (b *bundle) ruleName(name string) string {
	for i, r := range b.d.settings.Rules {
		if r.Name == name {
			return fmt.Sprint(i + 1)
		}
	}
	return "-"
}

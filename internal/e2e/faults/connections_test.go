package faults

import (
	"bytes"
	"compress/gzip"
	"strings"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// passedOn is what nearly everything comes to that fails before the first content:
// the next provider answers, and nobody was asked twice.
func passedOn(class string) want { return answered("synthetic", "1 1 0", class+", ok") }

// secondTry is what a lone failure comes to that says nothing of the provider.
func secondTry(class string) want { return answered("cerebras", "2 0 0", class+", ok") }

// short makes Cerebras' patience short.
const short = `first_event = "1s"
idle = "1s"
whole_answer = "1s"
connect = "1s"`

// steady are limits for what must not meet them: a machine that is busy may well
// hold a word back for a second.
var steady = strings.ReplaceAll(short, "1s", "3s")

// jsonHead are the headers of a good answer in JSON.
var jsonHead = []string{"Content-Type: application/json", "Connection: close"}

// sseHead are those of a stream that ends with its connection.
var sseHead = []string{"Content-Type: text/event-stream", "Connection: close"}

// completion is a whole answer by hand; model and usage are the simulator's.
const completion = `{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"gpt-oss-120b","choices":[{"index":0,` +
	`"message":{"role":"assistant","content":"` + said + `"},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":9,"total_tokens":18}}`

// chunk is one event of a stream by hand.
func chunkOf(delta, finish string) string {
	if finish != "null" {
		finish = `"` + finish + `"`
	}
	return `data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"gpt-oss-120b","choices":[{"index":0,"delta":` + delta + `,"finish_reason":` + finish + "}]}\n\n"
}

func words(text string) string { return chunkOf(`{"content":"`+text+`"}`, "null") }

const done = "data: [DONE]\n\n"

// handStream is the answer as a stream by hand.
func handStream() string {
	var b strings.Builder
	b.WriteString(chunkOf(`{"role":"assistant","content":""}`, "null"))
	for _, w := range strings.SplitAfter(said, " ") {
		b.WriteString(words(w))
	}
	return b.String() + chunkOf("{}", "stop") + done
}

func packed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // to memory
	_ = w.Close()
	return b.String()
}

// by gives a provider its answers by hand, for whole ones and for streams.
func by(whole, stream []byte) role {
	yes, no := true, false
	return role{faults: []simulator.Fault{
		{What: "raw", Raw: whole, When: simulator.When{Stream: &no}},
		{What: "raw", Raw: stream, When: simulator.When{Stream: &yes}},
	}}
}

var connections = []scenario{
	{name: "connection refused", cerebras: role{closed: true}, want: answered("synthetic", "0 1 0", "no connection, ok")},
	{
		name: "connection refused at every provider", ways: []way{whole, claude, codex},
		cerebras: role{closed: true}, synthetic: role{closed: true}, zai: role{closed: true},
		want: want{status: 502, code: "all_providers_failed|api_error|all_providers_failed", says: "connection refused", calls: "0 0 0", outcome: "all_providers_failed"},
	},
	{
		name: "a name that does not exist", environ: []string{"CEREBRAS_BASE_URL=https://api.nowhere.invalid/v1"}, limits: short,
		want: want{by: "synthetic", calls: "0 1 0", tries: "no connection, ok", within: time.Second},
	},
	{
		name: "an address that nobody answers at", environ: []string{"CEREBRAS_BASE_URL=https://192.0.2.1/v1"}, limits: short,
		want: want{by: "synthetic", calls: "0 1 0", tries: "no connection, ok", within: time.Second},
	},
	{
		name: "plain http to another machine", environ: []string{"CEREBRAS_BASE_URL=http://192.0.2.1/v1"},
		play: func(st *stage) { // it does not even start with such settings
			st.unproved = true
			l := st.launch()
			l.Settings = st.settings()
			st.refusesToStart(l, "must be an https URL")
		},
	},
	{name: "a certificate of an authority that nobody knows", cerebras: role{tls: "good"}, want: answered("synthetic", "0 1 0", "no connection, ok")},
	{name: "a certificate that has expired", cerebras: role{tls: "expired"}, trust: true, want: answered("synthetic", "0 1 0", "no connection, ok")},
	{name: "a certificate of another host", cerebras: role{tls: "other host"}, trust: true, want: answered("synthetic", "0 1 0", "no connection, ok")},
	{name: "TLS 1.1", cerebras: role{tls: "old"}, trust: true, want: answered("synthetic", "0 1 0", "no connection, ok")},
	{name: "a certificate of an authority that the settings name", cerebras: role{tls: "good"}, trust: true, want: answered("cerebras", "1 0 0", "ok")},
	{
		name: "TLS is wanted and plain text comes", cerebras: role{tls: "good", wires: [][]string{{`say "SSH-2.0-OpenSSH_9.2\r\n"`, "wait 100ms"}}},
		want: answered("synthetic", "0 1 0", "no connection, ok"),
	},
	{
		name: "a TLS handshake that is not answered", cerebras: role{tls: "good", wires: [][]string{{"stay"}}}, limits: short,
		want: want{by: "synthetic", calls: "0 1 0", tries: "no connection, ok", within: time.Second},
	},
	{
		name: "a TLS handshake that is reset", cerebras: role{tls: "good", wires: [][]string{{"wait 20ms", "reset"}}},
		want: answered("synthetic", "0 1 0", "no connection, ok"),
	},

	{name: "a lone reset before the headers", cerebras: doesOnce("reset"), want: secondTry("connection reset")},
	{name: "a lone close before the headers", cerebras: doesOnce("refuse"), want: secondTry("connection reset")},
	{name: "resets before the headers, again and again", cerebras: does("reset"), want: answered("synthetic", "2 1 0", "connection reset, connection reset, ok")},
	{name: "connections that are closed as soon as they stand", cerebras: wired([]string{"close"}), want: answered("synthetic", "0 1 0", "connection reset, connection reset, ok")},
	{name: "connections that are reset as soon as they stand", cerebras: wired([]string{"reset"}), want: want{by: "synthetic", calls: "0 1 0"}},
	{name: "a reset after the headers", cerebras: does("reset-after-headers"), want: passedOn("malformed answer")},
	{name: "a reset in the middle of a whole answer", cerebras: does("reset-mid"), ways: []way{whole, claudeWhole, codexWhole}, want: passedOn("malformed answer")},
	{name: "a whole answer that is cut", cerebras: does("cut"), ways: []way{whole, claudeWhole, codexWhole}, want: passedOn("malformed answer")},
	{name: "a whole answer that ends too early, as if it were complete", cerebras: does("cut-clean"), ways: []way{whole, claudeWhole, codexWhole}, want: passedOn("malformed answer")},

	{
		name: "a provider that says nothing", cerebras: does("silent"), limits: short,
		want: want{by: "synthetic", calls: "1 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "a provider that takes the connection and never reads", cerebras: wired([]string{"deaf"}), limits: short,
		want: want{by: "synthetic", calls: "0 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "headers, then nothing", cerebras: does("silent-after-headers"), limits: short,
		want: want{by: "synthetic", calls: "1 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "a role, then nothing", cerebras: does("role-then-silent"), limits: short,
		want: want{by: "synthetic", calls: "1 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "a first token that comes too late", cerebras: doesLate("slow-first", 30*time.Second), limits: short,
		want: want{by: "synthetic", calls: "1 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "headers at once, a first token that comes too late", cerebras: doesLate("slow-event", 30*time.Second), ways: streams, limits: short,
		want: want{by: "synthetic", calls: "1 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "a slow first token, but in time", cerebras: doesLate("slow-first", 700*time.Millisecond),
		want: want{by: "cerebras", calls: "1 0 0", tries: "ok", within: time.Second},
	},
	{
		name: "comments for ever in place of a first token", ways: streams, limits: short,
		cerebras: role{wires: [][]string{append([]string{"read", `say "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"`}, repeat(400, `say ": keep-alive\n\n"`, "wait 100ms")...)}},
		want:     want{by: "synthetic", calls: "0 1 0", tries: "silent, ok", within: time.Second},
	},
	{
		name: "silence at every provider", ways: []way{whole, claude, codex}, cerebras: does("silent"), synthetic: does("silent"), zai: does("silent"),
		limits: short, settings: "last_patience = \"1s\"\n[provider.synthetic.limits]\nfirst_event = \"1s\"\nwhole_answer = \"1s\"\n[provider.zai.limits]\nfirst_event = \"1s\"\nwhole_answer = \"1s\"\n",
		want: want{status: 504, code: "all_providers_failed|timeout_error|all_providers_failed", says: "silent", calls: "1 1 1", outcome: "all_providers_failed", within: 3 * time.Second},
	},

	{name: "200 without a body", cerebras: does("empty-200"), want: passedOn("malformed answer")},
	{name: "204", cerebras: says(httpOf("204 No Content", []string{"Connection: close"}, ""), ""), ways: usual, want: passedOn("malformed answer")},
	{name: "a page of a captive portal", cerebras: does("html-200"), want: passedOn("malformed answer")},
	{
		name: "a redirect to another host", cerebras: says(httpOf("307 Temporary Redirect", []string{"Location: https://api.other.test/v1/chat/completions", "Content-Length: 0"}, ""), ""),
		want: passedOn("no connection"),
	},
	{name: "no HTTP at all", cerebras: does("raw"), want: passedOn("malformed answer")},
	{
		name: "HTTP/1.0, the end of the connection is the end of the answer", cerebras: by(
			[]byte("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"+completion), []byte("HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"+handStream())),
		want: answered("cerebras", "1 0 0", "ok"),
	},
	{
		name: "interim answers (100, 103) before the answer", cerebras: by(
			append([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), httpOf("200 OK", jsonHead, completion)...),
			append([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), httpOf("200 OK", sseHead, handStream())...)),
		want: answered("cerebras", "1 0 0", "ok"),
	},
	{name: "ten thousand interim answers", cerebras: says([]byte(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 10_000)), ""), want: passedOn("malformed answer")},
	{name: "a megabyte of headers", cerebras: says(httpOf("200 OK", append([]string{"X-Long: " + strings.Repeat("x", 1<<20)}, jsonHead...), completion), ""), want: passedOn("malformed answer")},
	{
		name: "headers that come twice", cerebras: by(
			httpOf("200 OK", append([]string{"Content-Type: application/json", "X-Twice: 1", "X-Twice: 2", "Set-Cookie: a=1", "Set-Cookie: b=2"}, jsonHead...), completion),
			httpOf("200 OK", append([]string{"Content-Type: text/event-stream", "X-Twice: 1", "X-Twice: 2", "Set-Cookie: a=1", "Set-Cookie: b=2"}, sseHead...), handStream())),
		want: answered("cerebras", "1 0 0", "ok"),
		play: func(st *stage) {
			st.start()
			s := st.send(ask{})
			st.wants(s, st.sc.want)
			if got := s.header.Values("X-Twice"); len(got) != 2 || len(s.header.Values("Set-Cookie")) != 0 || len(s.header.Values("Content-Type")) != 1 {
				st.Errorf("the client got %v", s.header)
			}
		}, ways: usual,
	},

	{name: "a Content-Length that is too long", cerebras: does("short-content-length"), ways: []way{whole, claudeWhole, codexWhole}, want: passedOn("malformed answer")},
	{name: "a Content-Length that is too short", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Content-Length: 40"}, completion), ""), want: passedOn("malformed answer")},
	{name: "two Content-Lengths that differ", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Content-Length: 40", "Content-Length: 41"}, completion), ""), want: passedOn("malformed answer")},
	{name: "a Content-Length that is no number", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Content-Length: -1"}, completion), ""), want: passedOn("malformed answer")},
	{name: "a Content-Length of a terabyte", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Content-Length: 1099511627776"}, completion), ""), want: passedOn("malformed answer")},
	{name: "chunks of no known size", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Transfer-Encoding: chunked"}, "zzz\r\n"+completion), ""), want: passedOn("malformed answer")},
	{name: "a transfer coding that nobody knows", cerebras: says(httpOf("200 OK", []string{"Content-Type: application/json", "Transfer-Encoding: br"}, completion), ""), want: passedOn("malformed answer")},

	{name: "gzip that is none", cerebras: does("bad-gzip"), want: passedOn("malformed answer")},
	{name: "gzip that ends in the middle", cerebras: says(httpOf("200 OK", append([]string{"Content-Encoding: gzip"}, jsonHead...), packed(completion)[:120]), ""), ways: []way{whole, claudeWhole}, want: passedOn("malformed answer")},
	{name: "gzip with a wrong checksum", cerebras: says(httpOf("200 OK", append([]string{"Content-Encoding: gzip"}, jsonHead...), spoilt(packed(completion))), ""), ways: []way{whole, claudeWhole}, want: passedOn("malformed answer")},
	{
		name: "brotli and zstd that are none", cerebras: by(
			httpOf("200 OK", append([]string{"Content-Encoding: br"}, jsonHead...), completion), httpOf("200 OK", append([]string{"Content-Encoding: zstd"}, sseHead...), handStream())),
		want: passedOn("malformed answer"),
	},
	{name: "an encoding that nobody knows", cerebras: says(httpOf("200 OK", append([]string{"Content-Encoding: compress"}, jsonHead...), completion), ""), want: passedOn("malformed answer")},
	{name: "gzip though none was asked for", cerebras: role{script: func(s *simulator.Script) { s.Compress, s.ForceCompress = "gzip", true }}, ways: []way{whole, stream, claude}, want: answered("cerebras", "1 0 0", "ok")},
	{
		name: "100 MB in 100 KB of gzip", cerebras: says(httpOf("200 OK", append([]string{"Content-Encoding: gzip"}, jsonHead...), packed(`{"x":"`+strings.Repeat("0", 100<<20)+`"}`)), ""),
		ways: []way{whole}, want: passedOn("malformed answer"),
	},
	{name: "a whole answer of 40 MB", cerebras: says(httpOf("200 OK", jsonHead, `{"x":"`+strings.Repeat("0", 40<<20)+`"}`), ""), ways: []way{whole}, want: passedOn("malformed answer")},

	{name: "a stream was asked for and a whole answer comes", cerebras: does("json-for-sse"), ways: streams, want: answered("cerebras", "1 0 0", "ok")},
	{name: "a whole answer was asked for and a stream comes", cerebras: does("sse-for-json"), ways: []way{whole, claudeWhole, codexWhole}, want: answered("cerebras", "1 0 0", "ok")},
	{name: "a stream that calls itself text/plain", cerebras: says(httpOf("200 OK", []string{"Content-Type: text/plain", "Connection: close"}, handStream()), ""), ways: streams, want: answered("cerebras", "1 0 0", "ok")},
	{name: "a stream that calls itself nothing", cerebras: says(httpOf("200 OK", []string{"Connection: close"}, handStream()), ""), ways: streams, want: answered("cerebras", "1 0 0", "ok")},
	{name: "a stream that calls itself application/json", cerebras: says(httpOf("200 OK", jsonHead, handStream()), ""), ways: streams, want: answered("cerebras", "1 0 0", "ok")},
	{name: "a whole answer that calls itself text/html", cerebras: says(httpOf("200 OK", []string{"Content-Type: text/html", "Connection: close"}, completion), ""), ways: []way{whole, claudeWhole, codexWhole}, want: answered("cerebras", "1 0 0", "ok")},
	{name: "an error event as the first of a 200", cerebras: role{faults: []simulator.Fault{{What: "error-event-first", With: "cerebras/queue"}}}, want: passedOn("overloaded")},
	{
		name: "an answer that is refused while the request is still sent", cerebras: wired([]string{"glance", `say "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"`, "wait 300ms", "close"}),
		ask: ask{text: strings.Repeat("many words ", 30_000)}, want: answered("synthetic", "0 1 0", "overloaded, ok"),
	},
}

// repeat gives steps so many times over.
func repeat(n int, steps ...string) (all []string) {
	for range n {
		all = append(all, steps...)
	}
	return all
}

// spoilt turns a bit of gzip's checksum.
func spoilt(text string) string {
	b := []byte(text)
	b[len(b)-8] ^= 1
	return string(b)
}

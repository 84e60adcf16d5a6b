package tokens

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode"
)

// The figures are those of OpenAI's own tokenizer, from its cookbook ("How to
// count tokens with tiktoken", 2022 to 2025).
func TestCountAgreesWithOpenAIsTokenizer(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "tiktoken is great!": 6, "antidisestablishmentarianism": 6, "2 + 2 = 4": 7, "お誕生日おめでとう": 9,
	} {
		if got, err := Count([]byte(text)); got != want || err != nil {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestCountIsTheSameInOneAndInPieces(t *testing.T) {
	var text []byte
	for range 20 {
		for _, file := range []string{"count.go", "estimator.go", "doc.go"} {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text = append(text, b...)
		}
	}
	if len(text) < 4*window {
		t.Fatalf("only %d bytes", len(text))
	}
	whole, err := cl100k().Count(string(text))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Count(text); got != whole || err != nil {
		t.Errorf("got %d, %v, want %d", got, err, whole)
	}
}

func TestCountEstimatesWhatIsTooLarge(t *testing.T) {
	line := []byte("Some words of a prompt that is far too long, line after line.\n")
	of := func(size int) []byte { return bytes.Repeat(line, size/len(line)) }
	exact, err := Count(of(maxCounted / 4))
	if err != nil {
		t.Fatal(err)
	}
	got, err := Count(of(3 * maxCounted))
	if !errors.Is(err, ErrEstimated) {
		t.Errorf("the error is %v", err)
	}
	if got < exact*12*95/100 || got > exact*12*105/100 {
		t.Errorf("got %d, want about %d", got, exact*12)
	}
}

func TestCountBearsAnyBytes(t *testing.T) {
	for _, piece := range []string{" ", "a", " \n", "\xff", "\x00", "額", "e\u0301", "\u00a0\n", "\xe9\xa1"} {
		n, err := Count(bytes.Repeat([]byte(piece), 100_000/len(piece)))
		if err != nil || n <= 0 || n > 100_000 {
			t.Errorf("%q: got %d, %v", piece, n, err)
		}
	}
}

func TestTheTokenizerIsNeverGivenEndlessSpace(t *testing.T) {
	for _, piece := range []string{" ", " \n", "\u00a0\t", "\u2003"} {
		text := append([]byte("x"), bytes.Repeat([]byte(piece), 10_000)...)
		for len(text) > 0 {
			n := cut(text)
			run := bytes.TrimLeftFunc(text[:n], func(r rune) bool { return !unicode.IsSpace(r) })
			if n == 0 || len(run) > longest+4 {
				t.Fatalf("%q: %d bytes of space at once", piece, len(run))
			}
			text = text[n:]
		}
	}
}

func TestCountIsSafeForManyAtOnce(t *testing.T) {
	text := []byte(strings.Repeat("the same words every time ", 100))
	want, err := Count(text)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got, err := Count(text); got != want || err != nil {
				t.Errorf("got %d, %v, want %d", got, err, want)
			}
		})
	}
	wg.Wait()
}

func TestCountBodyCountsWhatAModelReads(t *testing.T) {
	const great = 6 // "tiktoken is great!"
	for _, c := range []struct {
		name, body string
		want       int
	}{
		{"nothing", `{}`, perPrompt},
		{"a text", `{"messages":[{"role":"user","content":"tiktoken is great!"}]}`, perPrompt + perMessage + great},
		{"escapes count as what they stand for", `{"messages":[{"content":"\u0074iktoken is great!"}]}`, perPrompt + perMessage + great},
		{"parts", `{"messages":[{"content":[{"type":"text","text":"tiktoken is great!"},{"type":"text","text":"2 + 2 = 4"}]}]}`, perPrompt + perMessage + great + 7},
		{"reasoning", `{"messages":[{"content":null,"reasoning_content":"tiktoken is great!"}]}`, perPrompt + perMessage + great},
		{"a tool call", `{"messages":[{"tool_calls":[{"id":"x","function":{"name":"2 + 2 = 4","arguments":"tiktoken is great!"}}]}]}`, perPrompt + 2*perMessage + great + 7},
		{"no tool call", `{"messages":[{"tool_calls":null}]}`, perPrompt + perMessage},
		{"a picture, without its base64", `{"messages":[{"content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,` + strings.Repeat("iVBOR", 9999) + `"}}]}]}`, perPrompt + perMessage + PictureTokens},
		{"parameters are no prompt", `{"model":"tiktoken","stop":"tiktoken","messages":[]}`, perPrompt},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := CountBody([]byte(c.body)); got != c.want || err != nil {
				t.Errorf("got %d, %v, want %d", got, err, c.want)
			}
		})
	}
	with, _ := CountBody([]byte(`{"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]}`))
	if tools, _ := Count([]byte(`{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}`)); with != perPrompt+tools {
		t.Errorf("a tool counts %d", with)
	}
}

// There is no provider's own figure for these requests; but the scaffolding of
// JSON is a small part of them, so that the two must be near each other.
func TestCountBodyIsNearTheCountOfTheWholeRequest(t *testing.T) {
	paths, err := filepath.Glob("../dialect/testdata/*/request.openai.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no requests", err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) < 2000 {
			continue
		}
		got, err := CountBody(body)
		all, _ := Count(body)
		if err != nil || got > all || got < all*85/100 {
			t.Errorf("%s: got %d of %d, %v", path, got, all, err)
		}
	}
}

func TestCountBodyEstimatesWhatIsNoRequest(t *testing.T) {
	for _, body := range []string{``, `[]`, `<html>`} {
		if _, err := CountBody([]byte(body)); !errors.Is(err, ErrEstimated) {
			t.Errorf("%q: the error is %v", body, err)
		}
	}
}

func FuzzCountBodyBearsAnyBytes(f *testing.F) {
	for _, text := range []string{`{}`, `{"messages":[{"content":[{"text":"a"}],"tool_calls":[{"function":{"arguments":"{}"}}]}],"tools":[1]}`, `{"messages":[`, "\xff \n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if n, _ := CountBody(body); n < 0 {
			t.Errorf("%d tokens", n)
		}
		if n, err := Count(body); n < 0 || n > len(body) || err != nil {
			t.Errorf("%d tokens in %d bytes: %v", n, len(body), err)
		}
	})
}

func BenchmarkCount(b *testing.B) {
	text := bytes.Repeat([]byte("func main() {\n\tfmt.Println(\"some words\")\n}\n"), 2000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := Count(text); err != nil {
			b.Fatal(err)
		}
	}
}

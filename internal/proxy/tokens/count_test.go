package tokens

import (
	"bytes"
	"errors"
	"os"
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

func FuzzCountBearsAnyBytes(f *testing.F) {
	for _, text := range []string{"", "some words", "a  b\n\n\tc", "\xff \n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := Count(text); n < 0 || n > len(text) || err != nil {
			t.Errorf("%d tokens in %d bytes: %v", n, len(text), err)
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

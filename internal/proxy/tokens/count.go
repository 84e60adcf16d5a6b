package tokens

import (
	"errors"
	"fmt"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/tiktoken-go/tokenizer/codec"
)

// ErrEstimated says that a count is only an estimate, with the reason. The
// figure beside it can be used all the same.
var ErrEstimated = errors.New("the tokens were estimated, not counted")

const (
	// maxCounted is how much text is counted exactly: half a second's work.
	maxCounted = 4 << 20

	// window is how much text the tokenizer is given at a time, so that one
	// endless line cannot make it slow or large.
	window = 32 << 10

	// longest is how much white space in a row the tokenizer is given: its
	// pattern takes time that grows with the square (v0.10.0: 1.2 s for 32 KB
	// of " \n").
	longest = 256
)

// cl100k is safe for concurrent use: it only reads its tables.
var cl100k = sync.OnceValue(codec.NewCl100kBase)

// Count counts the tokens of a text by cl100k. Above 4 MiB it counts samples
// and gives an estimate together with [ErrEstimated].
func Count(text []byte) (int, error) { return countAll([][]byte{text}) }

// countAll counts several texts that are tokenized apart from each other.
func countAll(texts [][]byte) (n int, err error) {
	size := 0
	for _, t := range texts {
		size += len(t)
	}
	defer func() {
		if r := recover(); r != nil { // foreign bytes in a foreign library
			n, err = size/4+1, fmt.Errorf("%w: %v", ErrEstimated, r)
		}
	}()
	step := 1 // of how many windows one is counted
	if size > maxCounted {
		step = (size + maxCounted - 1) / maxCounted * 4
		err = fmt.Errorf("%w: the text is larger than %d bytes", ErrEstimated, maxCounted)
	}
	counted, seen := 0, 0
	for _, t := range texts {
		for len(t) > 0 {
			piece := t[:cut(t)]
			t = t[len(piece):]
			if seen++; (seen-1)%step != 0 {
				continue
			}
			c, failed := cl100k().Count(string(piece))
			if failed != nil {
				return size/4 + 1, fmt.Errorf("%w: %w", ErrEstimated, failed)
			}
			n += c
			counted += len(piece)
		}
	}
	if counted > 0 && counted < size {
		n = int(float64(n) * float64(size) / float64(counted))
	}
	return n, err
}

// cut gives how much of a text to count at once. Where a line ends and the next
// one begins without space no token spans the two, so that cutting there
// changes nothing; cutting elsewhere may cost a token.
func cut(text []byte) int {
	if i := blank(text[:min(len(text), window)]); i > 0 {
		return i
	}
	if len(text) <= window {
		return len(text)
	}
	for i := window; i > window/2; i-- {
		if text[i-1] == '\n' && text[i] < utf8.RuneSelf && !unicode.IsSpace(rune(text[i])) {
			return i
		}
	}
	for i := window; i > window/2; i-- {
		if text[i] == ' ' && text[i-1] != ' ' {
			return i
		}
	}
	i := window
	for i > window-utf8.UTFMax && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}

// blank gives the place where white space has gone on for too long; 0 if it
// does nowhere.
func blank(text []byte) int {
	run := 0
	for i := 0; i < len(text); {
		r, n := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(text[i:])
		}
		i += n
		if !unicode.IsSpace(r) {
			run = 0
		} else if run += n; run >= longest {
			return i
		}
	}
	return 0
}

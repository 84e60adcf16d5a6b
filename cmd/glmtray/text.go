package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/glmtray/glmtray/internal/proxy/keypool"
)

// textWidth is how wide running text gets.
const textWidth = 100

// wrap breaks running text into lines.
func wrap(text string, width int) string {
	var b strings.Builder
	at := 0
	for word := range strings.FieldsSeq(text) {
		if at > 0 && at+1+len(word) > width {
			b.WriteByte('\n')
			at = 0
		} else if at > 0 {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += len(word)
	}
	return b.String()
}

// table lines columns up; each row's cells are separated by tabs.
func table(w io.Writer, rows func(row func(cells ...string))) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(func(cells ...string) {
		_, _ = io.WriteString(t, strings.Join(cells, "\t")+"\n") // Flush tells what went wrong
	})
	return t.Flush()
}

// dash stands for what is not there.
func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// back writes the time until then as a clock: 0:11, 12:05, 3:04:05.
func back(until time.Time) string {
	d := time.Until(until)
	s := int((d + time.Second - 1) / time.Second)
	switch {
	case s < 0:
		s = 0
	case s >= 48*3600:
		return strconv.Itoa((s+86399)/86400) + " days"
	}
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// keyWords says in what state a key is: "cooling, back in 0:11 (tokens per
// minute used up)".
func keyWords(s *keypool.State) string {
	words := s.State
	reason := s.Reason
	switch s.State {
	case keypool.Cooling:
		words += ", back in " + back(s.CoolUntil)
	case keypool.Busy:
		if reason == "" {
			reason = fmt.Sprintf("%d at once", s.Slots)
		}
	case keypool.Ready:
		if s.Errors > 0 && reason != "" {
			reason = "last: " + reason
		} else {
			reason = ""
		}
	}
	if reason != "" {
		words += " (" + reason + ")"
	}
	return words
}

// thousands writes 120000 as 120,000.
func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plural writes "1 key", "2 keys".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

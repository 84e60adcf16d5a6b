package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/glmtray/glmtray/internal/secret"
)

// maxKeyInput bounds what is read from standard input in place of a key.
const maxKeyInput = 64 << 10

// asker asks the person at the terminal. Prompts go to standard error, so that
// standard output stays data.
type asker struct {
	e   *env
	tty *os.File // nil: standard input is no terminal, nobody can be asked
	yes bool     // every question was answered beforehand
}

func newAsker(e *env, yes bool) *asker {
	a := &asker{e: e, yes: yes}
	if f, ok := e.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.tty = f
	}
	return a
}

// errDeclined is a person's no.
var errDeclined = errors.New("nothing was changed")

// confirm asks a question whose answer is no unless somebody says yes. why
// names what is in question, for the error where nobody can be asked.
func (a *asker) confirm(question, why string) error {
	if a.yes {
		return nil
	}
	if a.tty == nil {
		return hint(fmt.Errorf("%s: this wants a yes, and nobody can be asked", why), "say --yes to agree beforehand")
	}
	text, err := a.line(question+" [y/N] ", false)
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

// choose asks for one of several words; "" if the answer is none of them or
// nobody can be asked.
func (a *asker) choose(question string, words []string) (string, error) {
	if a.tty == nil || a.yes {
		return "", nil
	}
	text, err := a.line(question+" ["+strings.Join(words, "/")+"/don't know] ", false)
	if err != nil {
		return "", err
	}
	text = strings.ToLower(strings.TrimSpace(text))
	for _, w := range words {
		if text == w {
			return w, nil
		}
	}
	return "", nil
}

// key reads a key: without echo from a terminal, else from standard input.
func (a *asker) key(prompt string) (secret.Value, error) {
	var text string
	var err error
	if a.tty != nil {
		text, err = a.line(prompt, true)
	} else {
		text, err = a.piped()
	}
	if err != nil {
		return secret.Value{}, err
	}
	if lines := strings.Fields(secret.Trim(text)); len(lines) > 1 {
		return secret.Value{}, hint(errors.New("reading the key: there is more than one word"), "give one key alone, on one line")
	}
	key := secret.New(text)
	if key.Empty() {
		return secret.Value{}, hint(errors.New("reading the key: there was none"), "paste it at the prompt, or pipe it in: glmtray keys add … < FILE")
	}
	return key, nil
}

func (a *asker) piped() (string, error) {
	return a.read(func() (string, error) {
		raw, err := io.ReadAll(io.LimitReader(a.e.stdin, maxKeyInput))
		return string(raw), err
	})
}

// line prompts for one line. A terminal whose echo was off gets it back if the
// program is interrupted meanwhile.
func (a *asker) line(prompt string, hidden bool) (string, error) {
	if _, err := io.WriteString(a.e.stderr, prompt); err != nil {
		return "", fmt.Errorf("asking: %w", err)
	}
	fd := int(a.tty.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("asking: %w", err)
	}
	text, err := a.read(func() (string, error) {
		if hidden {
			raw, err := term.ReadPassword(fd)
			return string(raw), err
		}
		return readLine(a.tty)
	})
	if a.e.ctx.Err() != nil {
		_ = term.Restore(fd, state) // nothing better can be done on the way out
	}
	if hidden || err != nil {
		_, _ = io.WriteString(a.e.stderr, "\n") // the person's own newline was not echoed
	}
	return text, err
}

// read does a read that cannot be cancelled, and leaves it behind when the
// program is interrupted.
func (a *asker) read(do func() (string, error)) (string, error) {
	type answer struct {
		text string
		err  error
	}
	got := make(chan answer, 1)
	go func() {
		text, err := do()
		got <- answer{text, err}
	}()
	select {
	case x := <-got:
		if x.err != nil {
			return "", fmt.Errorf("reading the answer: %w", x.err)
		}
		return x.text, nil
	case <-a.e.ctx.Done():
		return "", errDeclined
	}
}

// readLine reads up to a newline byte by byte, so that nothing is taken from
// the next prompt.
func readLine(r io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for len(line) < maxKeyInput {
		n, err := r.Read(b[:])
		if n == 1 {
			if b[0] == '\n' {
				break
			}
			line = append(line, b[0])
		}
		if errors.Is(err, io.EOF) && len(line) > 0 {
			break
		}
		if err != nil {
			return "", err
		}
	}
	return strings.TrimRight(string(line), "\r"), nil
}

package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Check says what is wrong with a script: an unknown vendor, fault or fixture.
func (s *Script) Check() error {
	errs := s.checkWords()
	for model, a := range s.Answers {
		errs = append(errs, a.check(fmt.Sprintf("answer of %q", model)))
	}
	errs = append(errs, s.Answer.check("answer"))
	for _, k := range s.Keys {
		if k.Fault != "" {
			if _, err := lookup(k.Fault); err != nil {
				errs = append(errs, fmt.Errorf("key %q: %w", k.Name, err))
			}
		}
	}
	for name, a := range s.Accounts {
		for _, r := range a.Rates {
			errs = append(errs, r.check(name))
		}
	}
	for i := range s.Faults {
		errs = append(errs, s.Faults[i].check())
	}
	return errors.Join(errs...)
}

// checkWords checks what is one of a few words.
func (s *Script) checkWords() (errs []error) {
	if _, ok := vendors[s.vendor()]; !ok {
		errs = append(errs, fmt.Errorf("unknown vendor %q", s.Vendor))
	}
	for _, d := range s.Dialects {
		if d != Chat && d != Messages {
			errs = append(errs, fmt.Errorf("unknown dialect %q", d))
		}
	}
	if !slices.Contains([]string{"", "gzip", "br", "zstd"}, s.Compress) {
		errs = append(errs, fmt.Errorf("unknown compression %q", s.Compress))
	}
	return errs
}

func (r Rate) check(account string) error {
	switch {
	case r.Of != "requests" && r.Of != "tokens":
		return fmt.Errorf("account %q: a rate of %q, not of requests or tokens", account, r.Of)
	case r.Max <= 0:
		return fmt.Errorf("account %q: rate %s per %s has no maximum", account, r.Of, r.Per)
	case r.period() <= 0:
		return fmt.Errorf("account %q: unknown window %q needs a refill time", account, r.Per)
	}
	return nil
}

func (f *Fault) check() error {
	if _, ok := ends[f.End]; !ok {
		return fmt.Errorf("unknown end %q of a connection", f.End)
	}
	if _, ok := faults[f.What]; ok {
		if f.With == "" {
			return nil
		}
		_, err := lookup(f.With)
		return err
	}
	_, err := lookup(f.What)
	return err
}

func (s *Script) vendor() string {
	if s.Vendor == "" {
		return DemoShape
	}
	return strings.ToLower(s.Vendor)
}

// speaks reports whether the provider has a dialect.
func (s *Script) speaks(dialect string) bool {
	if len(s.Dialects) > 0 {
		return slices.Contains(s.Dialects, dialect)
	}
	return slices.Contains(vendors[s.vendor()].dialects, dialect)
}

func (s *Script) models() []Model {
	if len(s.Models) > 0 {
		return s.Models
	}
	return vendors[s.vendor()].models
}

func (s *Script) model(id string) (Model, bool) {
	for _, m := range s.models() {
		// "glm-5.3[1m]" is glm-5.3 with its whole context (docs.z.ai, Claude Code page, 2026)
		if m.ID == id || s.vendor() == ZAI && m.ID == strings.TrimSuffix(id, "[1m]") {
			return m, true
		}
	}
	return Model{}, false
}

func (s *Script) answer(model string) *Answer {
	if a, ok := s.Answers[model]; ok {
		return &a
	}
	return &s.Answer
}

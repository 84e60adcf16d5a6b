package store

import (
	"bytes"
	"os"
	"reflect"
	"testing"
	"time"
)

func readAll(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestKeyStatesComeBackAsTheyWereSaved(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	soon := time.Date(2026, 11, 22, 23, 5, 0, int(7*time.Millisecond), time.UTC)
	want := []KeyState{
		{Provider: "cerebras", Name: "desk", Fingerprint: "0a1b2c3d", CoolUntil: soon, Reason: "tokens per minute", Errors: 3, Rate: 0.133, Ceiling: 0.25, RateAt: soon},
		{Provider: "cerebras", Name: "home", Fingerprint: "ffffffff", Parked: true, Reason: "key rejected"},
		{Provider: "zai", Name: "desk", Fingerprint: "11111111", Barred: map[string]time.Time{"glm-5": soon, "glm-4.6v": {}}},
	}
	if err := s.SaveKeyStates(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	closed(t, s)
	s = openAt(t, dir)
	if got, err := s.KeyStates(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
	}

	// A later state takes the place of the whole earlier one.
	want[2] = KeyState{Provider: "zai", Name: "desk", Fingerprint: "22222222", Barred: map[string]time.Time{"glm-6": soon}}
	if err := s.SaveKeyStates(t.Context(), want[2:]); err != nil {
		t.Fatal(err)
	}
	if got, err := s.KeyStates(t.Context()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}

	if err := s.DeleteKeyState(t.Context(), "zai", "desk"); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteKeyState(t.Context(), "zai", "never was"); err != nil {
		t.Error(err)
	}
	if got, err := s.KeyStates(t.Context()); err != nil || !reflect.DeepEqual(got, want[:2]) {
		t.Errorf("after deleting: %+v, %v", got, err)
	}
	var bars int
	if err := s.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM key_bars").Scan(&bars); err != nil || bars != 0 {
		t.Errorf("%d bars of a deleted key, %v", bars, err)
	}
}

func TestADeadlineIsNeverKeptTooEarly(t *testing.T) {
	s := openAt(t, t.TempDir())
	until := time.Date(2026, 11, 22, 23, 5, 0, 1, time.UTC)
	if err := s.SaveKeyStates(t.Context(), []KeyState{{Provider: "p", Name: "n", CoolUntil: until}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.KeyStates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if late := got[0].CoolUntil.Sub(until); late < 0 || late > time.Millisecond {
		t.Errorf("kept %v after the deadline", late)
	}
}

func TestFactsAreRememberedUntilTheirTime(t *testing.T) {
	s := openAt(t, t.TempDir())
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return now }
	put := func(name, value string, until time.Time) {
		t.Helper()
		if err := s.Remember(t.Context(), name, value, until); err != nil {
			t.Fatal(err)
		}
	}
	put("gone/cerebras/glm-4.6", "404", now.Add(24*time.Hour))
	put("gone/zai/100%_x", "410", now.Add(time.Hour))
	put("goner", "no", time.Time{})
	put("port", "18081", time.Time{})
	put("port", "18082", time.Time{})

	if v, ok, err := s.Recall(t.Context(), "port"); v != "18082" || !ok || err != nil {
		t.Errorf("port: %q %v %v", v, ok, err)
	}
	there := func(name string, want bool) {
		t.Helper()
		if v, ok, err := s.Recall(t.Context(), name); ok != want || (v != "") != want || err != nil {
			t.Errorf("%s: %q %v %v", name, v, ok, err)
		}
	}
	there("gone/zai/100%_x", true)
	there("gone/zai/100%", false)

	now = now.Add(time.Hour)
	there("gone/zai/100%_x", false)
	there("gone/cerebras/glm-4.6", true)
	if err := s.Forget(t.Context(), "gone/cerebras/glm-4.6"); err != nil {
		t.Fatal(err)
	}
	there("gone/cerebras/glm-4.6", false)

	put("x", "y", time.Time{}) // clears what is past
	var rows int
	if err := s.reader.QueryRowContext(t.Context(), "SELECT count(*) FROM remembered").Scan(&rows); err != nil || rows != 3 {
		t.Errorf("%d rows, %v; want goner, port, x", rows, err)
	}
}

func TestTheSaltIsMadeOnce(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir)
	first, err := s.Salt(t.Context())
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	again, err := openAt(t, dir).Salt(t.Context())
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("another salt the second time (%v)", err)
	}
	other, err := openAt(t, t.TempDir()).Salt(t.Context())
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("the same salt in another folder (%v)", err)
	}
}

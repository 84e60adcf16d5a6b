package keychain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

const testKey = "csk-0123456789abcdefghijklmnop"

func item(key, host string) Item { return Item{Secret: secret.New(key), Host: host} }

func TestAnItemComesBackAsItWasStored(t *testing.T) {
	for _, want := range []Item{item(testKey, ""), item(testKey, "api.cerebras.ai"), item(testKey, "127.0.0.1:8443"), item(testKey, "[::1]:443")} {
		m := Memory()
		if err := m.Set(t.Context(), "cerebras", "desk", want); err != nil {
			t.Fatal(err)
		}
		got, err := m.Get(t.Context(), "cerebras", "desk")
		if err != nil || !got.Secret.Equal(want.Secret) || got.Host != want.Host {
			t.Errorf("stored with host %q, got host %q, %v", want.Host, got.Host, err)
		}
		if text, _ := m.Text("cerebras", "desk"); strings.SplitN(text, "\n", 2)[0] != testKey {
			t.Errorf("the first line of %q is not the key", text)
		}
	}
}

func TestTextsOfOthersAreRead(t *testing.T) {
	cases := []struct{ name, text, key, host string }{
		{"a bare key", testKey, testKey, ""},
		{"a key with a line end", testKey + "\n", testKey, ""},
		{"Windows line ends", testKey + "\r\nhost=api.z.ai\r\n", testKey, "api.z.ai"},
		{"an unknown attribute", testKey + "\ncolour=red\nhost=api.z.ai\nmore", testKey, "api.z.ai"},
		{"pasted with Bearer", "Bearer " + testKey, testKey, ""},
		{"a host that is none", testKey + "\nhost=a b/c", testKey, ""},
		{"an empty host", testKey + "\nhost=", testKey, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := Memory()
			m.PutText("zai", "main", c.text)
			got, err := m.Get(t.Context(), "zai", "main")
			if err != nil || got.Secret.Reveal() != c.key || got.Host != c.host {
				t.Errorf("key right: %v, host %q, %v", got.Secret.Reveal() == c.key, got.Host, err)
			}
		})
	}
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	m := Memory()
	m.PutText("zai", "empty", " \n")
	for _, name := range []string{"none", "empty"} {
		_, err := m.Get(t.Context(), "zai", name)
		if !errors.Is(err, ErrNotFound) || errors.Is(err, ErrUnavailable) || Hint(err) != "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := m.Delete(t.Context(), "zai", "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("Delete: %v", err)
	}
	if err := m.Set(t.Context(), "zai", "once", item(testKey, "")); err != nil {
		t.Fatal(err)
	}
	if err := m.Delete(t.Context(), "zai", "once"); err != nil {
		t.Error(err)
	}
	if _, err := m.Get(t.Context(), "zai", "once"); !errors.Is(err, ErrNotFound) {
		t.Errorf("deleted, then: %v", err)
	}
}

func TestWhatCannotBeStoredIsRefusedWithoutNamingTheKey(t *testing.T) {
	long := "csk-" + strings.Repeat("x", maxText)
	cases := []struct {
		name string
		item Item
		want string
	}{
		{"no key", Item{}, "empty"},
		{"two lines", item("csk-one\ncsk-two", ""), "place 8"},
		{"a blank", item("csk-one csk-two", ""), "place 8"},
		{"too long", item(long, ""), "2500 fit"},
		{"a host with a line end", item(testKey, "a\nhost=b"), "no host"},
		{"a whole URL for a host", item(testKey, "https://api.z.ai/v1"), "no host"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			m := Memory()
			err := m.Set(t.Context(), "zai", "main", c.item)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "csk-") || m.Calls() != 0 {
				t.Errorf("error %v, want %q; %d calls", err, c.want, m.Calls())
			}
		})
	}
	if err := Memory().Set(t.Context(), "zai", "main", item(long[:maxText], "")); err != nil {
		t.Errorf("a key of exactly the limit: %v", err)
	}
}

func TestNamesAreChecked(t *testing.T) {
	for _, good := range []string{"a", "desk", "work-2", "a.b_c", "_x", "9", strings.Repeat("x", 64)} {
		if err := CheckName(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	m := Memory()
	for _, bad := range []string{"", "a/b", "..", ".hidden", "-rf", "a b", "a\nb", "ü", strings.Repeat("x", 65), "a\x00"} {
		if CheckName(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
		_, err1 := m.Get(t.Context(), "zai", bad)
		err2 := m.Set(t.Context(), bad, "main", item(testKey, ""))
		err3 := m.Delete(t.Context(), "zai", bad)
		if err1 == nil || err2 == nil || err3 == nil {
			t.Errorf("%q went through", bad)
		}
	}
	if m.Calls() != 0 {
		t.Errorf("%d calls reached the keychain", m.Calls())
	}
}

func TestAFailingKeychainIsUnavailableWithAHint(t *testing.T) {
	m := Memory()
	cause := errors.New("no such bus")
	m.Fail(cause)
	_, err := m.Get(t.Context(), "zai", "main")
	for what, err := range map[string]error{"get": err, "set": m.Set(t.Context(), "zai", "main", item(testKey, "")), "delete": m.Delete(t.Context(), "zai", "main")} {
		if !errors.Is(err, ErrUnavailable) || !errors.Is(err, cause) || errors.Is(err, ErrNotFound) || !strings.Contains(Hint(err), "CEREBRAS_API_KEYS") {
			t.Errorf("%s: %v, hint %q", what, err, Hint(err))
		}
	}
	m.Fail(nil)
	if err := m.Set(t.Context(), "zai", "main", item(testKey, "")); err != nil {
		t.Errorf("after it came back: %v", err)
	}
}

func TestEverySystemHasItsHint(t *testing.T) {
	for goos, word := range map[string]string{"linux": "Secret Service", "freebsd": "Secret Service", "darwin": "login keychain", "windows": "Credential Manager"} {
		if h := hintFor(goos); !strings.Contains(h, word) || !strings.Contains(h, "environment variables") {
			t.Errorf("%s: %s", goos, h)
		}
	}
}

func TestALockedKeychainIsGivenUpAfterTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Memory()
		m.PutText("zai", "main", testKey)
		m.Slow(time.Minute)
		start := time.Now()
		if _, err := m.Get(t.Context(), "zai", "main"); !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "10s") {
			t.Fatalf("error %v", err)
		}
		if took := time.Since(start); took != Limit {
			t.Errorf("took %v", took)
		}
		// While the question is on the screen, more calls do not wait for it.
		if _, err := m.Get(t.Context(), "zai", "other"); !errors.Is(err, ErrUnavailable) || time.Since(start) != Limit {
			t.Errorf("the next call took until %v: %v", time.Since(start), err)
		}
		if m.Calls() != 1 {
			t.Errorf("%d calls reached the keychain", m.Calls())
		}
		// The user has answered.
		m.Slow(0)
		time.Sleep(time.Minute)
		if got, err := m.Get(t.Context(), "zai", "main"); err != nil || got.Secret.Reveal() != testKey {
			t.Errorf("after unlocking: %v", err)
		}
	})
}

func TestManyWaitTogetherForALockedKeychain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Memory()
		m.Slow(time.Hour)
		start := time.Now()
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				if _, err := m.Get(t.Context(), "zai", fmt.Sprint(i)); !errors.Is(err, ErrUnavailable) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took != Limit || m.Calls() != 1 {
			t.Errorf("took %v, %d calls", took, m.Calls())
		}
		time.Sleep(time.Hour)
	})
}

func TestASlowKeychainServesAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Memory()
		m.Slow(time.Second)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := m.Set(t.Context(), "zai", fmt.Sprint(i), item(testKey, "")); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	})
}

func TestACallersContextEndsItsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := Memory()
		m.PutText("zai", "main", testKey)
		m.Slow(2 * time.Second)
		start := time.Now()
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		_, err := m.Get(ctx, "zai", "main")
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, ErrUnavailable) || time.Since(start) != time.Second {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		// A call that was left is no sign of trouble: the next one has its turn.
		if _, err := m.Get(t.Context(), "zai", "main"); err != nil {
			t.Errorf("the next call: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := m.Get(ctx, "zai", "main"); !errors.Is(err, context.Canceled) || errors.Is(err, ErrUnavailable) {
			t.Errorf("cancelled: %v", err)
		}
		if _, err := m.Get(ctx, "zai", "main"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		time.Sleep(time.Minute)
	})
}

type panicking struct{ backend }

func (panicking) get(string) (string, error) { panic("interface conversion") }

func TestAPanicInTheLibraryIsAnError(t *testing.T) {
	if _, err := newGuard(panicking{}).Get(t.Context(), "zai", "main"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{testKey, testKey + "\nhost=api.z.ai", "\r\n\r\n", "Bearer x\nhost=", "\"'\n=\nhost=a\nhost=b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := decode(text)
		again, err := encode(got)
		if err != nil {
			return // not a key: what we read is not what we would write
		}
		back := decode(again)
		if !back.Secret.Equal(got.Secret) || back.Host != got.Host {
			t.Errorf("%q was read otherwise after it was written", text)
		}
	})
}

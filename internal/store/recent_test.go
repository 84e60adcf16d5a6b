package store

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/glmtray/glmtray/internal/secret"
)

func exchangeNo(i, sent, got int) Exchange {
	x := Exchange{Request: requestNo(i)}
	x.ID = fmt.Sprint(i)
	x.Sent.Body, x.Got.Body = []byte(strings.Repeat("s", sent)), []byte(strings.Repeat("g", got))
	return x
}

func TestOnlySoManyRequestsStayInMemory(t *testing.T) {
	tests := []struct {
		name  string
		opt   RecentOptions
		size  int
		first int // the oldest of 0..9 that is still there
	}{
		{"by number", RecentOptions{Count: 3}, 10, 7},
		{"by bytes", RecentOptions{Bytes: 2 * 64 * 4}, 64, 6},
		{"by whichever comes first", RecentOptions{Count: 5, Bytes: 2 * 64 * 2}, 64, 8},
		{"none that is larger than all may be", RecentOptions{Bytes: 100}, 64, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := NewRecent(tt.opt)
			for i := range 10 {
				r.Put(exchangeNo(i, tt.size, tt.size))
			}
			for i := range 10 {
				x, ok := r.Find(fmt.Sprint(i))
				if ok != (i >= tt.first) {
					t.Errorf("%d is there: %v", i, ok)
				}
				if ok && (len(x.Sent.Body) != tt.size || x.Got.Body[0] != 'g' || x.Sent.Cut || len(x.Tries) == 0) {
					t.Errorf("%d: %+v", i, x)
				}
			}
			if r.bytes > r.opt.Bytes {
				t.Errorf("%d bytes are held, %d may be", r.bytes, r.opt.Bytes)
			}
		})
	}
}

func TestAWindowsDefaultsAre200RequestsAnd64MiB(t *testing.T) {
	r := NewRecent(RecentOptions{})
	large := make([]byte, 3<<20)
	for i := range 300 {
		x := exchangeNo(i, 0, 0)
		x.Got.Body = large
		r.Put(x)
	}
	if len(r.list) != 64 || r.bytes != 64<<20 {
		t.Errorf("%d answers of 3 MiB are kept, %d bytes", len(r.list), r.bytes)
	}
	for i := range 300 {
		x := exchangeNo(i, 0, 0)
		x.Sent.Body = large
		r.Put(x)
	}
	if len(r.list) != 21 || r.list[0].Sent.Cut {
		t.Errorf("%d requests of 3 MiB are kept, cut: %v", len(r.list), r.list[0].Sent.Cut)
	}
	for i := range 300 {
		r.Put(exchangeNo(i, 100, 100))
	}
	if len(r.list) != 200 {
		t.Errorf("%d small requests are kept", len(r.list))
	}
}

func TestALargeBodyIsCutBetweenTwoCharacters(t *testing.T) {
	r := NewRecent(RecentOptions{Largest: 10, Bytes: 40})
	x := exchangeNo(1, 20, 0)
	x.Got.Body = []byte("12345678€ and more")
	r.Put(x)
	got, _ := r.Find("1")
	if string(got.Got.Body) != "12345678" || !got.Got.Cut || got.Sent.Cut {
		t.Errorf("kept %q, cut %v; %q, cut %v", got.Sent.Body, got.Sent.Cut, got.Got.Body, got.Got.Cut)
	}
	r.Put(exchangeNo(2, 21, 0))
	if got, _ := r.Find("2"); len(got.Sent.Body) != 20 || !got.Sent.Cut {
		t.Errorf("of 21 bytes that were sent %d are kept, cut %v", len(got.Sent.Body), got.Sent.Cut)
	}
	if string(x.Got.Body) != "12345678€ and more" {
		t.Error("the caller's body was changed")
	}
}

func TestRoomThatABodyDoesNotUseIsGivenUp(t *testing.T) {
	r := NewRecent(RecentOptions{})
	x := exchangeNo(1, 0, 0)
	x.Got.Body = append(make([]byte, 0, 1<<20), "short"...)
	r.Put(x)
	if got, _ := r.Find("1"); string(got.Got.Body) != "short" || r.bytes > 100 {
		t.Errorf("%q holds %d bytes", got.Got.Body, r.bytes)
	}
}

// The writer of records takes keys out of the same tries, beside it.
func TestTriesAreNotSharedWithTheWriterOfRecords(t *testing.T) {
	r := NewRecent(RecentOptions{})
	x := exchangeNo(1, 1, 1)
	r.Put(x)
	x.Tries[0].Reason = "changed"
	if got, _ := r.Find("1"); got.Tries[0].Reason == "changed" {
		t.Error("they are")
	}
}

func TestNothingIsKeptWhereNobodyLooks(t *testing.T) {
	var r *Recent
	r.Put(exchangeNo(1, 1, 1))
	if _, ok := r.Find("1"); ok {
		t.Error("a nil Recent found something")
	}
}

func TestManyMayPutAndLookAtOnce(t *testing.T) {
	r := NewRecent(RecentOptions{Count: 10, Bytes: 5000})
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 200 {
				r.Put(exchangeNo(g*1000+i, i, i))
				r.Find(fmt.Sprint(g*1000 + i))
			}
		})
	}
	wg.Wait()
	if len(r.list) > 10 || r.bytes > 5000 || r.bytes < 0 {
		t.Errorf("%d requests, %d bytes", len(r.list), r.bytes)
	}
}

func TestABodyIsReadable(t *testing.T) {
	scrub := new(secret.Scrubber)
	for in, want := range map[string]string{
		"":                                "",
		" \n":                             "",
		`{"b":1,"a":[true]}`:              "{\n  \"b\": 1,\n  \"a\": [\n    true\n  ]\n}",
		"data: {\"a\":1}\n\ndata: [DONE]": "data: {\"a\":1}\n\ndata: [DONE]",
		`{"cut": "in the mid`:             `{"cut": "in the mid`,
		"\xff\xfe\x00":                    "(3 bytes that are no text)",
		`{"key":"sk-abcdefghijklmnopqrstuvwxyz0123456789"}`: "{\n  \"key\": \"" + scrub.Text("sk-abcdefghijklmnopqrstuvwxyz0123456789") + "\"\n}",
	} {
		if got := Readable([]byte(in), scrub); got != want {
			t.Errorf("%q reads %q, want %q", in, got, want)
		}
	}
	if text := scrub.Text("sk-abcdefghijklmnopqrstuvwxyz0123456789"); strings.Contains(text, "abcdefghijkl") {
		t.Errorf("the scrubber leaves %q", text)
	}
	deep := strings.Repeat("[", 9000) + strings.Repeat("]", 9000)
	if got := Readable([]byte(deep), scrub); len(got) != len(deep) {
		t.Errorf("brackets grow from %d to %d bytes", len(deep), len(got))
	}
}

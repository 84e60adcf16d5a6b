package keypool

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/glmtray/glmtray/internal/secret"
)

func many(n int) *Pool {
	ks := make([]Key, n)
	for i := range ks {
		name := fmt.Sprintf("key-%d", i)
		ks[i] = Key{Provider: prov, Name: name, Secret: secret.New("secret-" + name)}
	}
	p := New(Options{})
	p.Set(ks, 0)
	return p
}

func BenchmarkAcquireOKRelease(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("%d keys", n), func(b *testing.B) {
			p := many(n)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				ctx := context.Background()
				for pb.Next() {
					l, err := p.Acquire(ctx, Ask{Provider: prov, Model: "large", Wait: time.Second})
					if err != nil {
						b.Error(err)
						return
					}
					l.OK()
					l.Release()
				}
			})
		})
	}
}

func BenchmarkReady(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("%d keys", n), func(b *testing.B) {
			p := many(n)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					p.Ready(prov, "large")
				}
			})
		})
	}
}

// BenchmarkRefusal is the worst case: every key cools, and all are named.
func BenchmarkRefusal(b *testing.B) {
	for _, n := range []int{1, 10, 1000} {
		b.Run(fmt.Sprintf("%d keys", n), func(b *testing.B) {
			p := many(n)
			ctx := context.Background()
			for {
				l, err := p.Acquire(ctx, Ask{Provider: prov})
				if err != nil {
					break
				}
				l.Cool(time.Now().Add(time.Hour), "429")
				l.Release()
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Acquire(ctx, Ask{Provider: prov}); err == nil {
					b.Fatal("a lease on a cooling key")
				}
			}
		})
	}
}

func BenchmarkSetOf1000(b *testing.B) {
	p := many(1000)
	ks := make([]Key, 0, 1000)
	for _, k := range p.ring(prov).keys {
		ks = append(ks, k.Key)
	}
	for b.Loop() {
		p.Set(ks, 0)
	}
}

// BenchmarkGrowth finds the only free key, which is the last of its ring.
func BenchmarkGrowth(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("keys in a pool, the last one free/%d", n), func(b *testing.B) {
			p := many(n)
			ctx := context.Background()
			for range n - 1 {
				l, err := p.Acquire(ctx, Ask{Provider: prov})
				if err != nil {
					b.Fatal(err)
				}
				l.Cool(time.Now().Add(time.Hour), "429")
				l.Release()
			}
			for b.Loop() {
				l, err := p.Acquire(ctx, Ask{Provider: prov})
				if err != nil {
					b.Fatal(err)
				}
				l.OK()
				l.Release()
			}
		})
	}
}

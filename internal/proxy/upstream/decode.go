package upstream

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// errDecode marks a body that is not in the encoding it claims.
var errDecode = errors.New("decompressing")

// decompressor is what the three libraries have in common.
type decompressor interface {
	io.Reader
	Reset(src io.Reader) error
}

// maxWindow bounds what a zstd stream may make us keep. RFC 9659 (2024-09)
// forbids more than 8 MiB in HTTP.
const maxWindow = 8 << 20

// decompressors keep their tables, which cost more than the decoding of a small
// answer. One goes back to its pool only at the stream's end, when nobody can
// be reading from it any more.
var decompressors = map[string]*sync.Pool{
	"gzip":   {New: func() any { return new(gzip.Reader) }},
	"x-gzip": {New: func() any { return new(gzip.Reader) }},
	"br":     {New: func() any { return brotli.NewReader(nil) }},
	"zstd": {New: func() any {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			panic(err) // the options are constants
		}
		return d
	}},
}

// decoded gives the body without its compression and takes the header fields
// away that speak of the compressed form. known is false, and the body as it
// comes, if the encoding is none of ours.
func decoded(resp *http.Response, method string) (src io.Reader, known bool) {
	encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return resp.Body, true
	}
	pool := decompressors[encoding]
	if pool == nil {
		return resp.Body, false
	}
	if method == http.MethodHead || resp.StatusCode == http.StatusNoContent || resp.ContentLength == 0 {
		return resp.Body, true
	}
	resp.Header.Del("Content-Encoding")
	resp.Header.Del("Content-Length")
	resp.ContentLength = -1
	return &decoder{pool: pool, raw: &watched{src: resp.Body}}, true
}

// decoder delivers what has arrived: each of the libraries hands out what one
// read from below has brought before it reads again.
type decoder struct {
	pool *sync.Pool
	raw  *watched
	d    decompressor
	end  error
}

func (d *decoder) Read(p []byte) (int, error) {
	if d.end != nil || len(p) == 0 {
		return 0, d.end
	}
	if d.d == nil {
		d.d = d.pool.Get().(decompressor)
		if err := d.d.Reset(d.raw); err != nil { // gzip reads its header here
			return 0, d.over(err)
		}
	}
	for {
		n, err := d.d.Read(p)
		if err != nil {
			return n, d.over(err)
		}
		if n > 0 {
			return n, nil
		}
	}
}

// over says how it ended. An error of the reader below goes first: what the
// decoder makes of it is only its consequence.
func (d *decoder) over(err error) error {
	switch {
	case d.raw.err != nil && !errors.Is(d.raw.err, io.EOF):
		d.end = d.raw.err
	case errors.Is(err, io.EOF) && d.raw.n > 0:
		d.end = io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		d.end = io.ErrUnexpectedEOF
	default:
		d.end = fmt.Errorf("%w: %w", errDecode, err)
	}
	_ = d.d.Reset(nothing{}) // lets go of the body
	d.pool.Put(d.d)
	d.d = nil
	return d.end
}

// watched remembers how the reader below ended.
type watched struct {
	src io.Reader
	n   int64
	err error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.src.Read(p)
	w.n += int64(n)
	if err != nil {
		w.err = err
	}
	return n, err
}

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, io.EOF }

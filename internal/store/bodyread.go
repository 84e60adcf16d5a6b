package store

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// ErrNoBody says that no body file tells of a request.
var ErrNoBody = errors.New("no body file has this request")

// FindBody reads from the body files in dir what the client of a request sent and
// what it got. At is when the request came in. Keys were taken out when the file
// was written, and JSON is as it was but for blanks. The error is ErrNoBody if
// there is no such file.
func FindBody(dir, id string, at time.Time) (sent, got Said, err error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return sent, got, ErrNoBody
	}
	if err != nil {
		return sent, got, fmt.Errorf("opening the log folder: %w", err)
	}
	defer func() { _ = root.Close() }()
	day := at.UTC().Format(dayLayout)
	files, err := fs.ReadDir(root.FS(), day)
	if errors.Is(err, fs.ErrNotExist) {
		return sent, got, ErrNoBody
	}
	if err != nil {
		return sent, got, fmt.Errorf("reading the log folder: %w", err)
	}
	for _, f := range files {
		if _, ours := bodyTime(day, f.Name()); !ours || !strings.HasSuffix(f.Name(), "_"+shortID(id)+".json") {
			continue
		}
		file, err := readBodyFile(root, day+"/"+f.Name())
		if err != nil {
			return sent, got, err
		}
		if file.ID == id || file.RequestID == id {
			return Said{Body: unquoted(file.Request.Body)}, Said{Body: unquoted(file.Response.Body), Cut: file.Response.Truncated}, nil
		}
	}
	return sent, got, ErrNoBody
}

func readBodyFile(root *os.Root, name string) (file bodyFile, err error) {
	raw, err := root.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(raw, &file)
	}
	if err != nil {
		return file, fmt.Errorf("reading a body file: %w", err)
	}
	return file, nil
}

// unquoted undoes body.
func unquoted(raw json.RawMessage) []byte {
	var text string
	var binary struct {
		Bytes string `json:"_binary"`
	}
	switch raw = bytes.TrimSpace(raw); {
	case len(raw) == 0 || string(raw) == "null":
		return nil
	case raw[0] == '"' && json.Unmarshal(raw, &text) == nil:
		return []byte(text)
	case bytes.HasPrefix(raw, []byte(`{`)) && json.Unmarshal(raw, &binary) == nil && binary.Bytes != "":
		if data, err := base64.StdEncoding.DecodeString(binary.Bytes); err == nil {
			return data
		}
	}
	var out bytes.Buffer
	if json.Compact(&out, raw) != nil {
		return raw
	}
	return out.Bytes()
}

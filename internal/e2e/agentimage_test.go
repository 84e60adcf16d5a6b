package e2e

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"path/filepath"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/simulator"
)

// picture writes a PNG into the project.
func (a *agent) picture(name string) string {
	a.t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		img.Set(i%64, i/64, color.RGBA{R: uint8(i), G: uint8(i / 16), B: uint8(i * 7), A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		a.t.Fatal(err)
	}
	path := filepath.Join(a.project, name)
	write(a.t, path, b.String())
	return path
}

// look is the call of the tool with which a client looks at a picture.
func look(path string) simulator.ToolCall {
	return simulator.ToolCall{Name: "Read", Arguments: `{"file_path":"` + path + `"}`, Or: []simulator.ToolCall{
		{Name: "view_image", Arguments: `{"path":"` + path + `"}`},
		{Name: "read", Arguments: `{"filePath":"` + path + `"}`},
	}}
}

func TestAgentsShowPicturesToAModelThatSeesAndReturn(t *testing.T) {
	inFrontOf(t, func(t *testing.T, f fleet, how way) {
		a := newAgent(t, how.name)
		s := f.launch(t, simulator.Answer{
			Text: "Just an answer.",
			Turns: []simulator.Turn{
				{User: "FIRST:", ToolCalls: []simulator.ToolCall{look(a.picture("picture.png"))}},
				{User: "FIRST:", Text: taskSaid + " to {{model}}"},
				{User: "SECOND:", ToolCalls: []simulator.ToolCall{simulator.Shell("echo glmtray-$((90+7))")}},
				{User: "SECOND:", Text: taskSaid + " {{result}} to {{model}}"},
			},
		}, launch{})
		how.setup(a, s.program)
		a.says("vision", how.ask(firstPrompt)...)
		a.says(secondResult, how.goOn(secondPrompt)...)
		a.holdsNoKey()
		s.spoken(t, f, how)
		calls := s.calls()
		checkPictures(t, calls)
		records := s.history()
		tellsTheTruth(t, records, calls)
		for _, r := range records {
			if saw := r.Model == "syn:large:vision"; saw != (r.Rule == "vision") || !saw && r.Rule != "everything" {
				t.Errorf("%s/%s by rule %q", r.Provider, r.Model, r.Rule)
			}
		}
	})
}

// checkPictures wants the picture to have reached the model that sees, and it
// alone, and the second turn to have gone to a model for text with a note.
func checkPictures(t *testing.T, calls map[string][]simulator.Call) {
	t.Helper()
	seen, noted := 0, 0
	for vendor, list := range calls {
		for _, c := range list {
			if sees := vendor == simulator.Synthetic && c.Model == "syn:large:vision"; sees != (c.Images > 0) {
				t.Errorf("%s/%s got %d pictures", vendor, c.Model, c.Images)
			}
			if c.Images > 0 {
				seen++
			}
			if c.Turn >= 3 && strings.Contains(c.Body, "picture left out") {
				noted++
			}
		}
	}
	if seen != 1 || noted != 2 {
		t.Errorf("%d requests had the picture, not 1; %d had a note in its place, not 2", seen, noted)
	}
}

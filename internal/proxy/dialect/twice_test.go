package dialect

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// Whoever reads such a body, its Facts, the hub's request and the bytes that are
// sent speak of the last one only.
func TestOfAMemberThatIsGivenTwiceTheLastCounts(t *testing.T) {
	const picture = `{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}`
	const antPicture = `{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}`
	for _, c := range []struct {
		front           Name
		body, once      string
		notes, dropping []string
	}{
		{OpenAI, `{"model":"a","stream":true,"mod\u0065l":"b","stream":false}`, `{"mod\u0065l":"b","stream":false}`, []string{"removed an earlier model", "removed an earlier stream"}, nil},
		{OpenAI, `{"messages":[{"role":"user","content":[` + picture + `]},{"role":"assistant","tool_calls":[{"id":"a"}]}], "messages": [{"role":"user","content":"hi"}]}`, `{"messages": [{"role":"user","content":"hi"}]}`, []string{"removed an earlier messages"}, nil},
		{OpenAI, `{"messages":7,"messages":[{"role":"user","content":"hi"}]}`, `{"messages":[{"role":"user","content":"hi"}]}`, []string{"removed an earlier messages"}, nil},
		{OpenAI, `{"messages":[{"role":"user","odd":1,"content":"hi"}],"messages":[{"role":"user","content":"hi"}]}`, `{"messages":[{"role":"user","content":"hi"}]}`, []string{"removed an earlier messages"}, nil},
		{OpenAI, `{"tools":[{"type":"function","function":{"name":"f"}}],"messages":[],"tools":[]}`, `{"messages":[],"tools":[]}`, []string{"removed an earlier tools"}, nil},
		{OpenAI, `{"stream_options":{"include_usage":true},"stream_options":{},"messages":[],"max_tokens":9,"max_tokens":null}`, `{"stream_options":{},"messages":[],"max_tokens":null}`, []string{"removed an earlier stream_options", "removed an earlier max_tokens"}, nil},
		{OpenAI, `{"user":"a","metadata":{"session_id":"s"},"messages":[],"metadata":{}}`, `{"user":"a","messages":[],"metadata":{}}`, []string{"removed an earlier metadata"}, nil},
		{OpenAI, `{"x":1,"messages":[],"x":2,"x":3}`, `{"messages":[],"x":3}`, []string{"removed an earlier x ×2"}, nil},
		{Anthropic, `{"messages":[{"role":"user","content":[` + antPicture + `]}],"system":"x-anthropic-billing-header: a","messages":[{"role":"user","content":"hi"}],"system":"s"}`, `{"messages":[{"role":"user","content":"hi"}],"system":"s"}`, []string{"removed an earlier messages", "removed an earlier system"}, nil},
		{Anthropic, `{"tools":[{"type":"web_search_20250305","name":"w"}],"messages":[],"tools":[]}`, `{"messages":[],"tools":[]}`, []string{"removed an earlier tools"}, nil},
		{Anthropic, `{"metadata":{"user_id":"a"},"messages":[],"metadata":{},"max_tokens":9,"max_tokens":5}`, `{"messages":[],"metadata":{},"max_tokens":5}`, []string{"removed an earlier metadata", "removed an earlier max_tokens"}, nil},
		{Responses, `{"input":[{"role":"user","content":[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]},{"type":"item_reference","id":"x"}],"input":"hi"}`, `{"input":"hi"}`, []string{"removed an earlier input"}, nil},
		{Responses, `{"instructions":"a","input":"hi","tools":[{"type":"function","name":"f"}],"tools":[],"instructions":"b"}`, `{"input":"hi","tools":[],"instructions":"b"}`, []string{"removed an earlier instructions", "removed an earlier tools"}, nil},
		{Responses, `{"previous_response_id":"x","previous_response_id":null,"input":"hi"}`, `{"previous_response_id":null,"input":"hi"}`, []string{"removed an earlier previous_response_id"}, nil},
	} {
		r, err := Read(c.front, []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", c.body, err)
			continue
		}
		once, err := Read(c.front, []byte(c.once))
		if err != nil {
			t.Fatal(err)
		}
		if string(r.Body()) != c.once || r.Facts != once.Facts || r.Beginning() != once.Beginning() {
			t.Errorf("%s\nbecame %s, %+v\nwant   %s, %+v", c.body, r.Body(), r.Facts, c.once, once.Facts)
		}
		q, e := r.Hub()
		if want, fault := once.Hub(); !reflect.DeepEqual(q, want) || !reflect.DeepEqual(e, fault) {
			t.Errorf("%s\nis decoded to %+v %v\nwant %+v %v", c.body, q, e, want, fault)
		}
		if notes := r.Repair(); !slices.Equal(notes, c.notes) || r.Repair() != nil {
			t.Errorf("%s: told as %q", c.body, notes)
		}
	}
}

func TestABodyOfMembersThatAreGivenTwiceIsReadInTime(t *testing.T) {
	var b strings.Builder
	for i := range 50_000 {
		b.WriteString(`"a` + strings.Repeat("b", i%7) + `":null,"` + string(rune('c'+i%20)) + `":1,`)
	}
	for front, say := range map[Name]string{OpenAI: `"messages":[]`, Anthropic: `"messages":[]`, Responses: `"input":[]`} {
		r, err := Read(front, []byte("{"+b.String()+say+"}"))
		if err != nil || len(r.top) != 28 {
			t.Fatalf("%s: %d members, %v", front, len(r.top), err)
		}
		if notes := r.Repair(); len(notes) > 10 {
			t.Errorf("%s: told in %d words", front, len(notes))
		}
	}
}

// Within the body nothing is taken out, but what is found there agrees.
func TestFurtherDownTheLastCountsToo(t *testing.T) {
	const picture = `[{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo="}}]`
	const antPicture = `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"iVBORw0KGgo="}}]`
	const input = `[{"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]`
	for _, c := range []struct {
		front    Name
		body     string
		pictures int
	}{
		{OpenAI, `{"messages":[{"role":"user","content":` + picture + `,"content":"a"}]}`, 0},
		{OpenAI, `{"messages":[{"role":"user","content":"a","content":` + picture + `}]}`, 1},
		{Anthropic, `{"messages":[{"role":"user","content":` + antPicture + `,"content":"a"}]}`, 0},
		{Anthropic, `{"messages":[{"role":"user","content":"a","content":` + antPicture + `}]}`, 1},
		{Anthropic, `{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":` + antPicture + `,"content":"a"}]}]}`, 0},
		{Responses, `{"input":[{"role":"user","content":` + input + `,"content":"a"}]}`, 0},
		{Responses, `{"input":[{"role":"user","content":"a","content":` + input + `}]}`, 1},
		{Responses, `{"input":[{"type":"function_call_output","call_id":"a","output":` + input + `,"output":"a"}]}`, 0},
		{Responses, `{"input":[{"role":"user","content":[{"type":"input_image","type":"input_text","text":"a","image_url":"b"}]}]}`, 0},
	} {
		r, err := Read(c.front, []byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		q, e := r.Hub()
		if e != nil {
			t.Fatal(e)
		}
		seen := 0
		for _, m := range q.Messages {
			seen += picturesIn(m.Parts)
		}
		if r.Facts.Pictures != c.pictures || seen != c.pictures || r.Facts.Images != (c.pictures > 0) {
			t.Errorf("%s: %d pictures are found, %d decoded", c.body, r.Facts.Pictures, seen)
		}
	}
}

func picturesIn(parts []chat.Part) (n int) {
	for i := range parts {
		if n += picturesIn(parts[i].Parts); parts[i].Kind == chat.Image {
			n++
		}
	}
	return n
}

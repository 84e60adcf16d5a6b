package dialect

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// readResponses finds the facts of a Responses request. What asks for a
// conversation that is kept here is refused: glmtray keeps none, and an answer
// to half a conversation would be worse than an error.
func readResponses(body []byte) (*Request, error) {
	r := responsesReader{scanner: scanner{b: body}, Request: &Request{front: Responses, body: body}}
	r.top = r.members[:0]
	r.Facts.TextBytes = len(body)
	r.Facts.Usage = true // every Responses answer tells it
	r.space()
	if r.peek() == '{' {
		r.object(r.field)
	} else {
		r.fail()
	}
	if !r.end() {
		e := r.fault()
		e.Hint = strings.Replace(e.Hint, `"messages": […]`, `"input": […]`, 1)
		return nil, e
	}
	if e := r.refused(); e != nil {
		return nil, e
	}
	r.finish()
	return r.Request, nil
}

// responsesReader is the walk that fills a Request.
type responsesReader struct {
	scanner
	*Request
	previous, conversation, prompt []byte // their values, if they were given
	background, reference          bool

	cacheKey, session, metadata, user []byte
	answered                          bool // what the user said last was answered, at least in part
	turn                              int  // pictures of the latest turn
}

func (r *responsesReader) field() {
	r.meet(r.key)
	r.top = append(r.top, entry{key: r.key})
	switch string(r.key) {
	case "model":
		r.Facts.Model = string(str(r.value()))
	case "stream":
		r.Facts.Stream = isTrue(r.value())
	case "max_output_tokens":
		r.Facts.MaxOutput = positive(r.value())
	case "input":
		r.reference = false // of the last one
		if from := r.i; r.peek() == '"' {
			r.skip()
			r.first.user = r.b[from:r.i]
			return
		}
		r.list(r.item)
	case "tools":
		r.list(r.tool)
	default:
		r.more()
	}
}

// more reads what names the conversation, and what is refused.
func (r *responsesReader) more() {
	switch string(r.key) {
	case "prompt_cache_key":
		r.cacheKey = str(r.value())
	case "metadata":
		r.metadata = r.sessionID()
	case "client_metadata":
		r.session = r.sessionID()
	case "user":
		r.user = str(r.value())
	case "instructions":
		r.first.system = r.value()
	case "previous_response_id":
		r.previous = given(r.value())
	case "conversation":
		r.conversation = given(r.value())
	case "prompt":
		r.prompt = given(r.value())
	case "background":
		r.background = isTrue(r.value())
	default:
		r.skip()
	}
}

// sessionID reads an object of labels. Codex names the session and, within it,
// the thread (0.169, measured 2026-11-20).
func (r *responsesReader) sessionID() (id []byte) {
	r.object(func() {
		switch {
		case r.is("session_id"):
			id = str(r.value())
		case r.is("thread_id") && id == nil:
			id = str(r.value())
		default:
			r.skip()
		}
	})
	return id
}

// finish puts together what the walk has found.
func (r *responsesReader) finish() {
	r.Facts.Images = r.turn > 0
	for _, id := range [...][]byte{r.cacheKey, r.metadata, r.session, r.user} {
		if len(id) > 0 {
			r.Facts.Session = string(id)
			return
		}
	}
}

// item reads one element of input. A user's message begins a turn, unless it
// goes on with what the user's side has not been answered yet: results of tools,
// or a message before it, as Codex sends its environment apart from the prompt.
func (r *responsesReader) item() {
	var kind, role, said []byte
	pictures := 0
	r.object(func() {
		switch string(r.key) {
		case "type":
			kind = str(r.value())
		case "role":
			role = str(r.value())
		case "content", "output":
			from := r.i
			pictures = r.parts()
			said = r.b[from:r.i]
		case "encrypted_content", "result": // base64; the latter of pictures that were made
			r.opaque()
		case "tools":
			r.list(r.tool)
		default:
			r.skip()
		}
	})
	r.first.note(role, said)
	r.reference = r.reference || string(kind) == "item_reference"
	switch speaker, result := responsesSpeaker(string(kind), string(role)); speaker {
	case chat.Assistant:
		r.answered = true
	case chat.User:
		if r.answered && !result {
			r.turn = 0
		}
		r.answered = false
	}
	r.Facts.Pictures += pictures
	r.turn += pictures
}

// responsesSpeaker tells whose an item of that type is, and whether it brings
// what a tool did.
func responsesSpeaker(kind, role string) (who chat.Role, result bool) {
	switch {
	case strings.HasSuffix(kind, "_output"):
		return chat.User, true
	case strings.HasSuffix(kind, "_call"), kind == "reasoning", role == "assistant":
		return chat.Assistant, false
	case role == "system", role == "developer":
		return chat.System, false
	}
	return chat.User, false
}

// parts reads a message's content or a tool's output, and counts its pictures.
func (r *responsesReader) parts() (pictures int) {
	r.list(func() {
		var seen sight
		r.object(func() {
			switch string(r.key) {
			case "type":
				seen.kind(str(r.value()))
			case "image_url":
				seen.address(r.peek())
				r.dataURL()
			case "file_data":
				r.opaque()
			default:
				r.skip()
			}
		})
		if seen.picture() {
			pictures++
		}
	})
	return pictures
}

// dataURL walks over a value that is no text if it is an address with the data
// in it. Some clients put the address into an object, as in chat completions.
func (r *responsesReader) dataURL() {
	if r.peek() == '{' {
		r.object(r.dataURL)
		return
	}
	if v := r.value(); bytes.HasPrefix(v, dataURL) {
		r.Facts.TextBytes -= len(v)
	}
}

// opaque walks over a value that is no text.
func (r *responsesReader) opaque() {
	if v := r.value(); len(v) > 0 && v[0] == '"' {
		r.Facts.TextBytes -= len(v)
	}
}

// tool reads one element of tools.
func (r *responsesReader) tool() {
	r.object(func() {
		if !r.is("type") {
			r.skip()
			return
		}
		switch string(str(r.value())) {
		case "function", "custom", "namespace": // the rest would run at OpenAI
			r.Facts.Tools = true
		}
	})
}

// refused says what cannot be served, because it lies with OpenAI only.
func (r *responsesReader) refused() *chat.Error {
	e := &chat.Error{Status: http.StatusBadRequest, Type: "invalid_request_error"}
	switch {
	case r.previous != nil:
		e.Param, e.Code = "previous_response_id", "previous_response_not_held"
		e.Message = "the response " + briefly(string(r.previous)) + " is not held here: glmtray keeps no conversations"
		e.Hint = "send the whole conversation as input, without previous_response_id"
	case r.conversation != nil:
		e.Param, e.Code = "conversation", "conversation_not_held"
		e.Message = "the conversation is not held here: glmtray keeps none"
		e.Hint = "send the whole conversation as input"
	case r.reference:
		e.Param, e.Code = "input", "item_not_held"
		e.Message = "the input refers to items of earlier responses, which are not held here: glmtray keeps no conversations"
		e.Hint = `send the items themselves; clients do so with "store": false`
	case r.prompt != nil:
		e.Param, e.Code = "prompt", "prompt_not_held"
		e.Message = "the prompt template is not held here"
		e.Hint = "send its text as instructions or input"
	case r.background:
		e.Param, e.Code = "background", "background_not_supported"
		e.Message = "glmtray answers while the client waits, not in the background"
		e.Hint = `leave "background" out, and use "stream": true for long answers`
	default:
		return nil
	}
	return e
}

package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// fitOpenAI gives the request as it fits a provider that speaks chat completions
// too: Body with some splices.
func fitOpenAI(r *Request, fit Fit, room []byte) (Sent, *chat.Error) {
	w := rewriter{Request: r, fit: fit, splices: splices{edits: r.edits[:0]}}
	w.inMessages = w.blind() || r.fields.any(fit.Refuses.Message) || w.renamesRoles()
	w.inTools = r.tools.any(fit.Refuses.Tool)
	w.decide()
	return Sent{Body: w.apply(r.body, room), Changed: w.words()}, nil
}

type rewriter struct {
	*Request
	splices
	scanner             // over one member, where messages or tools are changed
	fit                 Fit
	inMessages, inTools bool // something in there may be refused
	changes
}

// renamesRoles reports whether a role occurs that has another name.
func (r *rewriter) renamesRoles() bool {
	for from := range r.fit.Refuses.Roles {
		if r.roles.has(from) {
			return true
		}
	}
	return false
}

// inside changes what stands in a member that is kept.
func (r *rewriter) inside(e entry) {
	each := r.message
	switch {
	case r.inMessages && string(e.key) == "messages":
	case r.inTools && string(e.key) == "tools":
		each = r.tool
	default:
		return
	}
	r.scanner = scanner{b: r.body, i: e.value}
	r.list(each)
}

func (r *rewriter) message() {
	g := r.strip(&r.splices, &r.changes, "removed messages[].", r.fit.Refuses.Message, func() {
		switch {
		case r.blind() && r.is("content"):
			r.list(r.part)
		case r.is("role"):
			at := r.i
			r.role(at, r.value())
		default:
			r.skip()
		}
	})
	g.close("")
}

// blind reports whether there are pictures, and none may be sent.
func (r *rewriter) blind() bool { return r.fit.NoImages && r.Facts.Pictures > 0 }

// part puts a note in a picture's place.
func (r *rewriter) part() {
	from, seen := r.i, sight{}
	r.object(func() {
		switch string(r.key) {
		case "type":
			seen.kind(str(r.value()))
			return
		case "image_url":
			seen.address(r.peek())
		}
		r.skip()
	})
	if seen.picture() {
		r.splice(from, r.i, `{"type":"text","text":"`+pictureNote+`"}`)
		r.note("left out ", "a picture")
	}
}

func (r *rewriter) role(at int, text []byte) {
	from := string(str(text))
	if to, known := r.fit.Refuses.Roles[from]; known && to != from {
		r.splice(at, r.i, quote(to))
		r.note("renamed role ", from+" to "+to)
	}
}

// tool removes the refused fields of a tool, and of its function.
func (r *rewriter) tool() {
	refused := r.fit.Refuses.Tool
	g := r.strip(&r.splices, &r.changes, "removed tools[].", refused, func() {
		if !r.is("function") {
			r.skip()
			return
		}
		within := r.strip(&r.splices, &r.changes, "removed tools[].function.", refused, r.skip)
		within.close("")
	})
	g.close("")
}

// decide goes through the top-level members.
func (r *rewriter) decide() {
	g := gap{splices: &r.splices, from: r.opened}
	limit, named := r.limit(), false
	for i, e := range r.top {
		to, keep := r.verdict(i, limit)
		if !keep {
			g.drop(e.at, e.end)
			continue
		}
		g.keep(e.at)
		if to != "" {
			r.splice(e.at, e.keyTo, quote(to))
		}
		if string(e.key) == "model" {
			named = true
			if r.fit.Model != "" && string(str(r.body[e.value:e.end])) != r.fit.Model {
				r.splice(e.value, e.end, quote(r.fit.Model))
			}
		}
		r.inside(e)
		g.kept(e.end)
	}
	g.close(r.additions(named, limit))
}

// additions are members that the client has not given: named tells that it has
// named a model, limit that an output limit is wanted.
func (r *rewriter) additions(named, limit bool) string {
	var all []string
	if !named && r.fit.Model != "" {
		all = append(all, `"model":`+quote(r.fit.Model))
	}
	if limit {
		n := strconv.Itoa(r.fit.atMost(r.fit.MaxOutput))
		all = append(all, quote(r.fit.MaxOutputField)+":"+n)
		r.note("added ", r.fit.MaxOutputField+" "+n)
	}
	if r.fit.Traits.ToolStream && r.Facts.Stream && r.Facts.Tools && !r.has("tool_stream") {
		all = append(all, `"tool_stream":true`)
		r.note("added ", "tool_stream")
	}
	return strings.Join(all, ",")
}

// has reports whether the client gave a member, or the provider refuses it.
func (r *rewriter) has(name string) bool {
	for _, e := range r.top {
		if string(e.key) == name {
			return true
		}
	}
	return slices.Contains(r.fit.Refuses.Fields, name)
}

// limit reports whether an output limit is to be added: there is one to add,
// and the client gave none.
func (r *rewriter) limit() bool {
	if r.fit.MaxOutput <= 0 || r.fit.MaxOutputField == "" {
		return false
	}
	for _, e := range r.top {
		if isLimit(e.key) || string(e.key) == r.fit.MaxOutputField {
			if !r.null(e) {
				return false
			}
		}
	}
	return true
}

func isLimit(key []byte) bool {
	return string(key) == "max_tokens" || string(key) == "max_completion_tokens"
}

// verdict says whether the i-th member is kept, and under which other name.
// limit tells that an output limit will be added; a null in its place must go.
func (r *rewriter) verdict(i int, limit bool) (to string, keep bool) {
	key := r.top[i].key
	if r.givesWay(r.top[i]) || limit && (isLimit(key) || string(key) == r.fit.MaxOutputField) {
		return "", false
	}
	if to, known := r.fit.Refuses.Rename[string(key)]; known && to != string(key) {
		if r.taken(to, i) {
			r.note("removed ", string(key)+", there is "+to)
			return "", false
		}
		r.note("renamed ", string(key)+" to "+to)
		return to, true
	}
	if j := among(r.fit.Refuses.Fields, key); j >= 0 {
		r.note("removed ", r.fit.Refuses.Fields[j])
		return "", false
	}
	return "", true
}

// becomes reports whether a member is renamed to that name, be it an empty one.
func (r *rewriter) becomes(e entry, name string) bool {
	to, renamed := r.fit.Refuses.Rename[string(e.key)]
	return renamed && to == name
}

func (r *rewriter) null(e entry) bool { return string(r.body[e.value:e.end]) == "null" }

// taken reports whether the name to is not free for the i-th member: the client
// gave it a value, or an earlier member under another name has it already.
func (r *rewriter) taken(to string, i int) bool {
	for j, e := range r.top {
		if string(e.key) == to && (!r.null(e) || r.null(r.top[i])) {
			return true
		}
		if j < i && r.becomes(e, to) && string(e.key) != string(r.top[i].key) {
			return true
		}
	}
	return false
}

// givesWay reports whether a member is null and another one with a value gets
// its name.
func (r *rewriter) givesWay(e entry) bool {
	if !r.null(e) {
		return false
	}
	for _, other := range r.top {
		if r.becomes(other, string(e.key)) && !r.null(other) {
			return true
		}
	}
	return false
}

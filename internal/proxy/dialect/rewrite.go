package dialect

import (
	"slices"
	"strconv"
)

// Refuses names what a provider would answer 400 to. It has the fields of
// config.Refuses, so that one converts to the other.
type Refuses struct {
	Fields  []string          // top-level fields that are removed
	Message []string          // fields of messages[] that are removed
	Tool    []string          // fields of tools[] and tools[].function that are removed
	Rename  map[string]string // top-level fields that have another name there
	Roles   map[string]string // message roles that have another name there
}

// Fit is what one provider wants of a request.
type Fit struct {
	Model          string // the id it is sent with; "" leaves the client's
	MaxOutput      int    // the output limit to add if the client gave none, in tokens; 0: none
	MaxOutputField string // the field that takes it: "max_tokens"
	Refuses        Refuses
}

// For gives the request as it fits a provider: Body with some splices. What they
// do not touch stays byte for byte; if there are none, it is Body itself.
// room is where it is written if that is large enough; nil is fine.
// changed names what was removed, renamed or added, in words for the log and in
// the request's order; the model is told apart and not among them.
//
// What [Read] saw and what is sent agree even if a key is given twice: every
// "model" is replaced, and of "stream" only the last is left.
func (r *Request) For(fit Fit, room []byte) (out []byte, changed []string) {
	w := rewriter{Request: r, fit: fit, splices: splices{edits: r.edits[:0]}}
	w.inMessages = r.fields.any(fit.Refuses.Message) || w.renamesRoles()
	w.inTools = r.tools.any(fit.Refuses.Tool)
	w.decide()
	return w.apply(r.body, room), w.words()
}

type rewriter struct {
	*Request
	splices
	scanner             // over one member, where messages or tools are changed
	fit                 Fit
	inMessages, inTools bool // something in there may be refused
	notes               []note
}

// note is a kind of change and how often it was made.
type note struct {
	verb, what string
	n          int
}

func (r *rewriter) note(verb, what string) {
	for i := range r.notes {
		if r.notes[i].verb == verb && r.notes[i].what == what {
			r.notes[i].n++
			return
		}
	}
	r.notes = append(r.notes, note{verb, what, 1})
}

func (r *rewriter) words() []string {
	var out []string
	for _, n := range r.notes {
		text := n.verb + n.what
		if n.n > 1 {
			text += " ×" + strconv.Itoa(n.n)
		}
		out = append(out, text)
	}
	return out
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
	g := gap{splices: &r.splices, from: r.i + 1}
	r.object(func() {
		at, value := r.keyAt, r.i
		if i := among(r.fit.Refuses.Message, r.key); i >= 0 {
			r.skip()
			g.drop(at, r.i)
			r.note("removed messages[].", r.fit.Refuses.Message[i])
			return
		}
		g.keep(at)
		isRole := r.is("role")
		text := r.value()
		g.kept(r.i)
		if isRole && len(r.fit.Refuses.Roles) > 0 {
			r.role(value, text)
		}
	})
	g.close("")
}

func (r *rewriter) role(at int, text []byte) {
	from := string(str(text))
	if to, known := r.fit.Refuses.Roles[from]; known && to != from {
		r.splice(at, r.i, quote(to))
		r.note("renamed role ", from+" to "+to)
	}
}

func (r *rewriter) tool() { r.strip("removed tools[].", true) }

// strip removes the refused fields of a tool, and of its function.
func (r *rewriter) strip(verb string, deeper bool) {
	g := gap{splices: &r.splices, from: r.i + 1}
	r.object(func() {
		at := r.keyAt
		if i := among(r.fit.Refuses.Tool, r.key); i >= 0 {
			r.skip()
			g.drop(at, r.i)
			r.note(verb, r.fit.Refuses.Tool[i])
			return
		}
		g.keep(at)
		if deeper && r.is("function") {
			r.strip("removed tools[].function.", false)
		} else {
			r.skip()
		}
		g.kept(r.i)
	})
	g.close("")
}

// among gives the index of the name that key is; -1 if it is none of them.
func among(names []string, key []byte) int {
	return slices.IndexFunc(names, func(name string) bool { return name == string(key) })
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
	var add string
	if !named && r.fit.Model != "" {
		add = `"model":` + quote(r.fit.Model)
	}
	if limit {
		if add != "" {
			add += ","
		}
		add += quote(r.fit.MaxOutputField) + ":" + strconv.Itoa(r.fit.MaxOutput)
		r.note("added ", r.fit.MaxOutputField+" "+strconv.Itoa(r.fit.MaxOutput))
	}
	g.close(add)
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
	if string(key) == "stream" && r.last("stream") != i {
		r.note("removed ", "a second stream")
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

func (r *rewriter) null(e entry) bool { return string(r.body[e.value:e.end]) == "null" }

// taken reports whether the name to is not free for the i-th member: the client
// gave it a value, or an earlier member under another name has it already.
func (r *rewriter) taken(to string, i int) bool {
	for j, e := range r.top {
		if string(e.key) == to && (!r.null(e) || r.null(r.top[i])) {
			return true
		}
		if j < i && r.fit.Refuses.Rename[string(e.key)] == to && string(e.key) != string(r.top[i].key) {
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
		if r.fit.Refuses.Rename[string(other.key)] == string(e.key) && !r.null(other) {
			return true
		}
	}
	return false
}

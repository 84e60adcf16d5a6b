package dialect

import "github.com/glmtray/glmtray/internal/proxy/chat"

// blocks changes a list of blocks: add is appended, empty is what there is at
// least.
func (f *anthropicFit) blocks(add, empty string) {
	g := gap{splices: &f.splices, from: f.i + 1}
	f.list(func() {
		p := f.messageBlock()
		switch string(p.kind) {
		case "thinking":
			f.thought(&g, p, p.at[inSignature])
		case "redacted_thinking":
			f.thought(&g, p, p.at[inData])
		default:
			f.block(&g, p)
		}
		f.i = p.to
	})
	if add == "" && g.dropping && !g.some {
		add = empty
	}
	g.close(add)
}

// thought gives thinking back to whom it came from, and takes it out otherwise.
func (f *anthropicFit) thought(g *gap, p messageBlock, at span) {
	signature := string(str(f.raw(at)))
	own, keep := f.own(signature)
	if !keep {
		g.drop(p.from, p.to)
		return
	}
	g.keep(p.from)
	if own != signature {
		f.splice(at.from, at.to, quote(own))
	}
	g.kept(p.to)
}

// block changes any other block, for others than Anthropic.
func (f *anthropicFit) block(g *gap, p messageBlock) {
	switch kind := string(p.kind); {
	case f.fit.Author, kind == "tool_use", kind == "image" && !f.fit.NoImages:
		g.keep(p.from)
	case kind == "text":
		if isBlank(f.raw(p.at[inText])) {
			f.note("removed ", "an empty text")
			g.drop(p.from, p.to)
			return
		}
		g.keep(p.from)
	case kind == "tool_result":
		g.keep(p.from)
		if f.i = p.at[inContent].from; f.peek() == '[' && !f.within {
			f.within = true
			f.blocks("", "")
			f.within = false
		}
	default:
		f.translate(g, p)
		return
	}
	g.kept(p.to)
}

// translate puts in a block's place what others than Anthropic understand.
func (f *anthropicFit) translate(g *gap, p messageBlock) {
	d := anthropicDecoder{scanner: scanner{b: f.b}, q: new(chat.Request)}
	var out []byte
	for _, part := range d.part(nil, p) {
		if part.Text != "" {
			f.note("turned ", "a block that only Anthropic understands into text")
		}
		out = f.part(out, part)
	}
	if len(d.q.Dropped) > 0 {
		f.note("dropped ", "a block that only Anthropic understands")
	}
	if len(out) == 0 {
		g.drop(p.from, p.to)
		return
	}
	g.keep(p.from)
	f.splice(p.from, p.to, string(out))
	g.kept(p.to)
}

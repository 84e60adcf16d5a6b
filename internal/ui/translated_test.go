package ui

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/glmtray/glmtray/internal/event"
	"github.com/glmtray/glmtray/internal/ui/state"
)

var errDatum = errors.New(datum("the disk is full"))

// pseudoKeys are keys in every state.
func pseudoKeys(now time.Time) []state.Key {
	key := func(provider, name, standing string) state.Key {
		return state.Key{
			Provider: datum(provider), ProviderName: datum(provider), Name: datum(name), Origin: state.FromKeychain, State: standing,
			Endpoint: datum("plan"), Fingerprint: datum("a1b2"), LastUsed: now.Add(-time.Minute), Uses: 7,
		}
	}
	list := []state.Key{
		key("cerebras", "desk", state.Ready), key("cerebras", "home", state.Cooling), key("cerebras", "old", state.Disabled),
		key("zai", "plan", state.Parked), key("zai", "gone", state.Missing), key("zai", "slow", state.Busy), key("zai", "env", state.Ready),
		key("zai", "shaky", state.Ready),
	}
	list[0].Account, list[0].SharesWith, list[0].Current = datum("acme"), datum("home"), true
	list[1].CoolUntil, list[1].Reason = now.Add(3*24*time.Hour), "tokens per minute used up"
	list[3].Reason = "key rejected"
	list[6].Origin, list[6].InFlight = datum("ZAI_API_KEY"), 2
	list[7].Errors, list[7].Reason = 3, datum("the vendor's own words")
	return list
}

func pseudoSnapshot(now time.Time) state.Snapshot {
	snap := state.Snapshot{
		Version: "0.1.0", Keys: pseudoKeys(now), AtLogin: state.SwitchedOff,
		Server: state.Server{
			State: state.Serving, URL: "http://127.0.0.1:18080", Primary: datum("cerebras"), Note: datum("a note of the settings"),
			Pinned: datum("zai"), PinUntil: now.Add(time.Hour),
		},
		Providers: []state.Provider{{ID: datum("cerebras"), Name: datum("Cerebras")}, {ID: datum("zai"), Name: datum("Z.ai")}},
		Today:     state.Today{Day: state.DayOf(now), Requests: 12, Tokens: 131_000, HasTokens: true, Cost: 0.42, HasCost: true},
	}
	for _, kind := range []string{"tokens", "requests"} {
		snap.Limits = append(snap.Limits, state.Limit{
			Provider: datum("cerebras"), Account: datum("acme"), Kind: kind, Window: "minute", Limit: 1000, Remaining: 710, Reset: now.Add(time.Hour),
		})
	}
	return snap
}

// pseudoEnd is a request that has ended.
func pseudoEnd(id string, now time.Time) event.Finished {
	cost := 0.0042
	return event.Finished{
		ID: id, Time: now.Add(-3 * time.Second), Client: datum("codex"), Method: datum("POST"), Path: datum("/v1/messages"), Asked: datum("sonnet"),
		Provider: datum("cerebras"), Model: datum("gpt-oss-120b"), Key: datum("desk"), Rule: datum("everything"), Reason: "no other rule matched",
		Status: 200, Outcome: "ok", Attempts: 2, Stream: true, Took: 2 * time.Second, FirstByte: 200 * time.Millisecond, TPS: 1040, Cost: &cost,
		Tokens: event.Tokens{Prompt: 4000, Cached: 200, Completion: 900, Reasoning: 30}, Changed: []string{datum("max_tokens")},
	}
}

func pseudoExchange(id string, now time.Time) state.Exchange {
	return state.Exchange{
		Finished: pseudoEnd(id, now),
		Tries: []state.Try{
			{Provider: datum("cerebras"), Model: datum("m"), Key: datum("home"), Status: 429, Class: "rate limited", Reason: "tokens per minute used up"},
			{Provider: datum("cerebras"), Model: datum("m"), Key: datum("desk"), Status: 200, Class: "ok", Took: time.Second},
		},
		Why: event.Why{
			Estimate: 4000,
			Rules: []event.Tried{
				{Rule: datum("long"), Reason: datum("4,000 tokens, not over 120,000"), Left: []string{datum("zai/large")}},
				{Rule: datum("everything"), Matched: true, Reason: "no other rule matched"},
			},
			Passed: []event.Passed{
				{Provider: datum("cerebras"), Key: datum("home"), State: state.Cooling, Reason: "too many requests at once", Wait: time.Minute},
				{Provider: datum("cerebras"), Key: datum("old"), State: state.Disabled},
			},
		},
		Sent: state.Body{Text: datum("{}"), Size: 812}, Got: state.Body{Text: datum("{}"), Size: 5 << 20, Cut: true},
	}
}

func pseudoWay(DryRun) (state.Explanation, error) {
	return state.Explanation{
		Facts: datum("openai dialect"), Rule: datum("everything"),
		Rules: []event.Tried{{Rule: datum("vision"), Reason: "no images"}, {Rule: datum("everything"), Matched: true, Reason: "no other rule matched"}},
		Steps: []state.Step{
			{Target: datum("zai/large"), Model: datum("glm"), Why: datum("its large model"), Verdict: "passed over: no key of it can serve", Refused: datum("no tools")},
			{
				Target: datum("cerebras/large"), Model: datum("m"), Why: datum("its large model"), Key: datum("desk"), Verdict: "taken",
				Keys: []state.StepKey{{Name: datum("desk"), State: state.Ready, Words: state.Ready}},
			},
		},
	}, nil
}

func pseudoProgram(now time.Time) *program {
	used := func(n int) state.Used {
		return state.Used{
			Name: datum("cerebras"), Start: now, Requests: n, Failed: 1, Prompt: 4000, Cached: 10, Completion: 900, Cost: 0.42, Plan: 1.10,
			Priced: 1, PlanPriced: 1, Unpriced: n,
		}
	}
	usage := map[string]state.Usage{}
	for _, period := range usagePeriods {
		usage[period.period] = state.Usage{
			Period: period.period, From: now, Hourly: period.period == state.PeriodToday, Total: used(7), Times: []state.Used{used(1), used(2)},
			Providers: []state.Used{used(3)}, Models: []state.Used{used(3)}, Saved: time.Hour, Against: datum("zai"),
		}
	}
	day := now.Add(-30 * time.Hour)
	return &program{
		snap:      pseudoSnapshot(now),
		exchanges: map[string]state.Exchange{"1": pseudoExchange("1", now)},
		agents: []state.Agent{
			{ID: "a", Name: datum("Claude Code"), Writes: true, Found: datum("/bin/claude"), Restart: datum("Start it again.")},
			{
				ID: "b", Name: datum("Codex"), Writes: true, Found: datum("/bin/codex"), Connected: true, Since: day, BaseURL: "http://127.0.0.1:18080",
				Changed: []string{datum("base_url")},
			},
			{ID: "c", Name: datum("OpenCode"), Writes: true},
			{ID: "d", Name: datum("Zed"), Found: datum("/bin/zed")},
			{ID: "e", Name: datum("Vim")},
			{ID: "f", Name: datum("Cursor"), Unreachable: datum("It calls from its servers.")},
			{ID: "g", Name: datum("Cline"), Connected: true},
		},
		clientKeys: []state.ClientKey{
			{ID: 1, Name: datum("ci"), Created: day, Agent: datum("Codex"), LastUsed: now.Add(-time.Hour), Uses: 3},
			{ID: 2, Name: datum("laptop"), Created: day, Revoked: now},
		},
		settings: pseudoSettings(),
		contents: contents{
			records: []state.Request{}, way: pseudoWay, usage: usage, answer: pseudoExchange("again", now),
			rules: state.Rules{Origin: datum("settings.toml:3"), Default: true, Targets: []string{datum("zai/large")}, List: []state.Rule{
				{Name: datum("long"), Images: true, TokensOver: 120_000, Model: datum("*opus*") + "|" + datum("*x*"), Use: []string{datum("zai") + "/" + datum("large")}},
				{Name: datum("everything"), Use: []string{datum("cerebras") + "/" + datum("large")}, Canary: datum("5 % to zai")},
			}},
		},
	}
}

// pseudoSettings are all that the page has words for.
func pseudoSettings() (list []state.Setting) {
	for _, section := range settingSections {
		for _, row := range section.rows {
			list = append(list, state.Setting{Name: row.name, Kind: "text", Value: datum("value"), Origin: "default", Restart: true})
		}
	}
	list[0].Fixed, list[0].Origin = true, datum("GLMTRAY_CLOSE_TO_TRAY")
	list[1].Kind, list[1].Value = "bool", "true"
	return list
}

func TestEveryTextOfTheWindowIsInTheReadersLanguage(t *testing.T) {
	now := time.Now()
	p := pseudoProgram(now)
	r := newReader(t, p, Options{TrayHost: false})
	r.until("the agents", func() bool { return len(r.u.st.Agents()) > 0 })
	r.reads("overview, empty")
	failed := pseudoEnd("2", now)
	failed.Status, failed.Outcome, failed.Error, failed.Provider = 502, "all_providers_failed", datum("nobody answered"), ""
	refused := event.Finished{ID: "3", Time: now, Method: datum("GET"), Path: datum("/"), Status: 401, Outcome: "invalid_api_key"}
	r.publish(pseudoEnd("1", now), failed, refused,
		event.Routed{ID: "run", Time: now, Client: datum("codex"), Model: datum("sonnet"), Tokens: 310, Rule: datum("everything"), Chain: []string{datum("zai") + "/large"}},
		event.Attempted{ID: "run", Time: now, N: 1, Provider: datum("zai"), Model: datum("m"), Key: datum("plan")},
		event.Logged{Time: now, Level: slog.LevelWarn, Text: datum("a line of the program's own")})
	r.until("the requests", func() bool { return len(r.u.st.Decisions(3)) == 3 })
	r.reads("overview")
	r.requestsInPseudo(p)
	r.routingInPseudo()
	r.keysInPseudo(p)
	r.clientsInPseudo()
	r.usageAndLogInPseudo()
	r.settingsInPseudo()
	r.serverInPseudo(p)
}

func (r *reader) requestsInPseudo(p *program) {
	r.u.turn(tabRequests)
	q := r.requests()
	r.until("the rows", func() bool { return q.view.Len() == 4 })
	r.reads("requests")
	for i := range q.view.Len() {
		q.point(q.view.At(i).ID, true)
		r.reads(fmt.Sprint("the foot of request ", i))
	}
	r.u.showRequest("1")
	r.until("the request", func() bool { return q.pane.x.ID == "1" })
	for part := range paneParts {
		q.pane.parts.choose(part)
		r.reads("request, " + paneParts[part])
	}
	q.pane.plain.SetChecked(false)
	if bad := unmarked(q.pane.x.Text()); bad != "" {
		r.t.Errorf("copied untranslated: %q", bad)
	}
	r.u.redraw()
	q.pane.replay.provider.SetSelectedIndex(0)
	q.pane.replay.do()
	r.reads("replay, asking")
	r.until("the answer", func() bool { return !q.pane.replay.busy })
	r.reads("replay, answered")
	absent := p.exchanges["1"]
	absent.Sent, absent.Got, absent.Absent = state.Body{}, state.Body{}, datum("gone")
	q.pane.set(absent)
	r.reads("replay, of what is gone")
	r.u.st.Requests().Pause(true)
	q.failed = datum("the disk is full")
	r.u.redraw()
	r.reads("requests, paused")
	r.u.st.Requests().Pause(false)
	q.close()
	q.text.SetText("1234")
	q.filter()
	r.reads("requests, none matches")
	q.text.SetText("")
	q.filter()
}

func (r *reader) routingInPseudo() {
	r.u.turn(tabRouting)
	page := r.u.page(tabRouting).(*routing)
	r.until("the rules", func() bool { return len(page.draft) == 2 })
	r.reads("routing")
	page.choose(0)
	page.editor.use.SetPlaceHolder(datum(page.editor.use.PlaceHolder))
	page.editor.tokens.SetText("-")
	page.editor.use.SetText("")
	r.reads("routing, with what is wrong")
	page.editor.use.SetText(datum("nobody") + "/" + datum("large"))
	page.editor.name.SetText("")
	r.reads("routing, with more that is wrong")
	page.revert()
	page.fresh()
	page.draft[1].Name = datum("new")
	page.show()
	page.editor.open(&page.draft[1])
	r.reads("routing, a new rule")
	page.dry.body.SetText("{}")
	page.dry.run()
	r.until("the way", func() bool { return !page.dry.busy })
	page.dry.recent.SetOptions(nil)
	r.reads("dry run")
}

func (r *reader) keysInPseudo(p *program) {
	r.u.turn(tabKeys)
	k := r.u.keysPage()
	r.until("the providers", func() bool { return len(k.form.providers) > 0 })
	for i := range k.form.providers {
		v := &k.form.providers[i]
		v.Name = datum(v.Name)
		for j := range v.Endpoints {
			e := &v.Endpoints[j]
			e.ID = datum(e.ID)
			if e.PolicyText != "" {
				e.PolicyText = datum(e.PolicyText)
			}
		}
	}
	for i := range k.rows {
		k.picked(i)
		k.card.ask(true)
		r.reads("keys, " + k.rows[i].Name)
	}
	k.picked(0)
	p.set(func() { p.fail = map[string]error{"test": errDatum} })
	k.card.doTest()
	r.reads("keys, testing")
	r.until("the test", func() bool { return !k.card.busy })
	r.reads("keys, failed")
	k.openForm()
	k.form.setProviders(k.form.providers)
	k.form.provider.SetSelectedIndex(1)
	k.form.name.SetPlaceHolder(datum("main"))
	k.form.pressed = true
	k.form.fail(k.form.missing())
	r.reads("add a key")
	k.form.question(&Needs{What: "replace", Text: datum("there is one")})
	r.reads("add a key, asked")
	k.leaveForm()
}

// leaveForm puts the form away.
func (k *keys) leaveForm() { k.form.leave() }

func (r *reader) clientsInPseudo() {
	r.u.turn(tabClients)
	c := r.u.clientsPage()
	r.until("the agents and keys", func() bool { return len(c.rows) > 0 && len(c.keyRows) > 0 })
	r.reads("clients")
	for _, a := range r.u.st.Agents() {
		for _, on := range []bool{true, false} {
			c.plan(a.ID, on)
			r.until("the plan", func() bool { return c.card.ready || a.Unreachable != "" })
			c.card.plan.Recipe, c.card.plan.Files = "", nil
			c.card.show()
			r.reads(fmt.Sprint("clients, ", a.Name, on))
		}
	}
	c.card.done(Connected{Recipe: datum("paste this")}, nil)
	r.reads("clients, connected")
	r.u.newClientKey()
	c.form.send()
	r.reads("a client key, without a name")
	for _, k := range c.keyRows {
		c.keyCard.open(k)
		c.put(c.keyCard.box)
		r.reads("a client key")
	}
}

func (r *reader) usageAndLogInPseudo() {
	r.u.turn(tabUsage)
	g := r.u.page(tabUsage).(*usage)
	for i := range usagePeriods {
		g.period.choose(i)
		r.until("the usage", func() bool { return g.data.Period == usagePeriods[i].period })
		g.pointed(0)
		for by := range 3 {
			g.by.choose(by)
			r.reads("usage")
		}
	}
	r.u.turn(tabLog)
	l := r.u.page(tabLog).(*logPage)
	r.until("the lines", func() bool { return r.u.st.Log().Len() >= 4 })
	r.u.st.Log().Missed(time.Now(), 3)
	l.draw(time.Now())
	r.reads("log")
	l.follow.SetChecked(false)
	r.u.st.Log().Add(state.Line{Text: datum("more"), Level: slog.LevelError})
	l.draw(time.Now())
	r.reads("log, standing still")
	l.text.SetText("12345")
	r.reads("log, no line matches")
}

func (r *reader) settingsInPseudo() {
	r.u.turn(tabSettings)
	s := r.u.page(tabSettings).(*settings)
	r.until("the settings", func() bool { return len(s.rows) > 0 })
	for _, section := range settingSections {
		s.turn(section.name)
		r.reads("settings, " + section.name)
	}
	s.rows["addr"].entry.SetText(datum("elsewhere"))
	s.turn(settingSections[1].name)
	r.reads("settings, changed")
	s.turn(sectionAbout)
	r.until("the folders", func() bool { return s.about.loaded })
	for _, l := range s.about.places {
		l.SetText(datum(l.Text))
	}
	s.about.version.SetText(datum(s.about.version.Text))
	s.about.modules = nil
	s.about.list.Refresh()
	r.reads("about")
}

// serverInPseudo goes through the states of the server, the notices, and the end.
func (r *reader) serverInPseudo(p *program) {
	r.u.turn(tabOverview)
	for _, standing := range []string{state.Paused, state.Stopping, state.Starting, state.Failed} {
		p.set(func() {
			p.snap.Server.State, p.snap.Server.Problem, p.snap.Server.WayOut = standing, "", ""
			if standing == state.Failed {
				p.snap.Server.Problem, p.snap.Server.WayOut = datum("the port is taken"), datum("take another")
			}
		})
		r.u.draw(news{snap: &p.snap})
		r.reads("server " + standing)
	}
	demo := state.Snapshot{Server: state.Server{State: state.Serving, Demo: true}}
	r.u.draw(news{snap: &demo})
	r.reads("demo")
	r.u.st.Update(pseudoSnapshot(time.Now()))
	for kind := range noticeTitles {
		r.u.looked = false
		r.u.notify([]state.Notice{{Kind: kind, Text: datum("what")}})
	}
	r.until("the notices", func() bool { return len(r.desk.heard()) >= len(noticeTitles) })
	r.reads("notices")
	r.u.quit()
	r.until("the question", func() bool { return r.u.sheet != nil })
	r.reads("quit")
}

func TestEveryTextOfAFirstStartIsInTheReadersLanguage(t *testing.T) {
	now := time.Now()
	p := pseudoProgram(now)
	p.questions = []Question{
		{ID: "start", Text: datum("How?"), Options: []Option{{"demo", datum("demo")}, {"key", datum("key")}}},
		{ID: "bodies", Text: datum("Bodies?"), Options: []Option{{"no", datum("no")}, {"yes", datum("yes")}}},
	}
	r := newReader(t, p, host)
	r.until("the questions", func() bool { return r.u.welcome != nil })
	r.reads("welcome")
	w := r.u.welcome
	w.key()
	f := r.u.keysPage().form
	r.until("a provider", func() bool { return len(f.providers) > 0 })
	f.name.SetPlaceHolder(datum("main"))
	f.provider.SetOptions([]string{datum("Cerebras")})
	f.provider.ClearSelected()
	r.reads("first key")
	p.set(func() { p.fail = map[string]error{"test": errDatum} })
	w.tried(keyID{datum("cerebras"), datum("main")})
	r.reads("first key, testing")
	w.connect()
	r.reads("connect, looking")
	r.until("the plans", func() bool { return len(checks(r.rig)) > 1 })
	w.offer(nil, nil)
	r.reads("connect, nothing there")
	w.request()
	r.reads("first request, waiting")
	r.publish(pseudoEnd("1", now))
	r.until("a request", func() bool { return len(r.u.st.Decisions(1)) > 0 })
	r.u.redraw()
	r.reads("first request")
}

// checks are the ticks that can be seen.
func checks(r *rig) (list []*tick) {
	r.walk(func(o fyne.CanvasObject) {
		if c, ok := o.(*tick); ok {
			list = append(list, c)
		}
	})
	return list
}

// What notices say is put together in package state.
func TestEveryNoticeIsInTheReadersLanguage(t *testing.T) {
	speak()
	state.Translate(pseudo)
	t.Cleanup(func() { state.Translate(localized) })
	now := time.Now()
	snap := pseudoSnapshot(now)
	snap.Server.Pinned = ""
	snap.Keys = snap.Keys[:2]
	s := state.New(snap)
	var n state.Notices
	var told []state.Notice
	look := func(e event.Event) {
		if e != nil {
			s.Apply(e)
		}
		now = now.Add(2 * time.Minute)
		told = append(told, n.Look(s, e, now)...)
	}
	cool := func(key string) event.Event {
		return event.KeyChanged{Provider: datum("cerebras"), Key: datum(key), State: state.Cooling, CoolUntil: now.Add(time.Hour)}
	}
	look(cool("desk"))
	look(cool("home"))
	other := pseudoEnd("1", now)
	other.Provider = datum("zai")
	look(other)
	look(pseudoEnd("2", now))
	look(event.KeyChanged{Provider: datum("cerebras"), Key: datum("desk"), State: state.Parked, Reason: "key rejected"})
	look(event.Attempted{ID: "3", Provider: datum("cerebras"), Class: "server error"})
	other.ID = "3"
	look(other)
	snap.Limits[0].Remaining, snap.Limits[0].Reset = 1, now.Add(time.Hour)
	s.Update(snap)
	look(nil)
	kinds := map[state.NoticeKind]bool{}
	for _, notice := range told {
		kinds[notice.Kind] = true
		if bad := unmarked(notice.Text); bad != "" {
			t.Errorf("%s: %q is said untranslated, in %q", notice.Kind, bad, notice.Text)
		}
	}
	if len(kinds) != 4 || len(told) < 5 {
		t.Errorf("told: %q", told)
	}
}

package ui

import (
	"context"
	"slices"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/glmtray/glmtray/internal/ui/state"
)

// keyID names a key.
type keyID struct{ provider, name string }

func (k keyID) String() string { return k.provider + "/" + k.name }

// keys is the page where keys are added and looked after: the list on the left,
// beside it one key or the form for a new one.
type keys struct {
	u        *UI
	box      *fyne.Container
	add      *button
	list     *listing
	grid     grid
	rows     []state.KeyRow
	empty    *widget.Label
	side     *fyne.Container
	hint     *widget.Label
	card     *keyCard
	form     *keyForm
	selected keyID
	wanted   keyID // a key that was added or renamed, and is selected once it is there
	moving   bool  // Select is called by us
}

func newKeys(u *UI) *keys {
	k := &keys{u: u, hint: wrapped(tr("Select a key, or add one.")), empty: wrapped(tr("No keys yet. A key is stored in " +
		"this system's keychain and nowhere else. Keys of the environment show here as well."))}
	k.grid = grid{columns: []column{
		{name: tr("Key"), width: 8 * apart, grow: 1},
		{name: tr("State"), width: 7 * apart, mono: true},
		{name: tr("Account"), width: 5 * apart, grow: 1, rank: 2},
		{name: tr("Stored in"), width: 6 * apart, rank: 1},
	}}
	k.add = newIconButton(tr("Add key"), theme.ContentAddIcon(), u.addKey)
	k.add.Importance = widget.HighImportance
	k.list = newListing(
		func() int { return len(k.rows) },
		func() fyne.CanvasObject { return k.grid.line() },
		func(i widget.ListItemID, c fyne.CanvasObject) {
			if i < len(k.rows) {
				r := &k.rows[i]
				account := r.Account
				if account == "" {
					account = "–"
				}
				c.(*line).set(r.Mark, false, 1<<2|1<<3, r.Provider+"/"+r.Name, r.Word, account, origin(r))
			}
		},
	)
	k.list.HideSeparators = true
	k.list.OnSelected = k.picked
	k.card, k.form = newKeyCard(k), newKeyForm(k)
	k.side = container.NewStack(k.hint)
	left := container.NewBorder(k.grid.header(), nil, nil, nil, container.NewStack(k.list, k.empty))
	halves := container.New(columns{0, 2 * apart, 0}, left, upright(), container.NewVScroll(k.side))
	k.box = container.NewBorder(
		container.NewVBox(container.NewHBox(heading(tr("Keys")), layout.NewSpacer(), k.add), widget.NewSeparator()),
		nil, nil, nil, halves,
	)
	u.bind(fyne.KeyN, u.addKey)
	return k
}

// origin is where a key came from, in a word.
func origin(r *state.KeyRow) string {
	if r.Fixed {
		return tr("environment")
	}
	return tr("keychain")
}

func (k *keys) object() fyne.CanvasObject { return k.box }

func (k *keys) opened() { k.form.load() }

// keysPage finds the page of this kind.
func (u *UI) keysPage() *keys {
	for _, t := range u.tabs {
		if k, ok := t.page.(*keys); ok {
			return k
		}
	}
	return nil
}

// addKey opens the form.
func (u *UI) addKey() {
	if u.turn(tabKeys); u.welcome == nil {
		u.keysPage().openForm()
	}
}

// showKey opens a key.
func (u *UI) showKey(provider, name string) {
	if u.turn(tabKeys); u.welcome == nil {
		u.keysPage().choose(keyID{provider, name})
	}
}

func (k *keys) openForm() {
	k.selected = keyID{}
	k.list.UnselectAll()
	k.form.reset()
	k.put(k.form.box)
	k.form.focus()
}

func (k *keys) put(o fyne.CanvasObject) {
	if len(k.side.Objects) == 1 && k.side.Objects[0] == o {
		return
	}
	weigh(k.add, o != k.form.box) // the form has a button of its own to be pressed
	k.side.Objects = []fyne.CanvasObject{o}
	k.side.Refresh()
}

// choose selects a key, now or as soon as it is there.
func (k *keys) choose(id keyID) {
	k.wanted = id
	k.draw(k.u.now())
}

func (k *keys) index(id keyID) int {
	return slices.IndexFunc(k.rows, func(r state.KeyRow) bool { return r.Provider == id.provider && r.Name == id.name })
}

// picked is a person's choice in the list.
func (k *keys) picked(i widget.ListItemID) {
	if k.moving || i >= len(k.rows) {
		return
	}
	id := keyID{k.rows[i].Provider, k.rows[i].Name}
	if id == k.selected {
		return
	}
	k.selected = id
	k.card.open(k.rows[i])
	k.put(k.card.box)
}

func (k *keys) draw(now time.Time) {
	rows := k.u.st.Keys(now)
	changed := !slices.Equal(rows, k.rows)
	if changed {
		k.rows = rows
		k.list.Refresh()
		show(k.empty, len(rows) == 0)
	}
	if i := k.index(k.wanted); i >= 0 {
		k.wanted = keyID{}
		k.mark(i)
		k.picked(i)
	}
	if k.selected == (keyID{}) {
		return
	}
	i := k.index(k.selected)
	if i < 0 { // it was removed, or renamed elsewhere
		if !k.card.busy {
			k.selected = keyID{}
			k.list.UnselectAll()
			k.put(k.hint)
		}
		return
	}
	if changed {
		k.mark(i)
	}
	k.card.show(k.rows[i])
}

// mark moves the list's mark without it being a choice.
func (k *keys) mark(i int) {
	k.moving = true
	k.list.Select(i)
	k.moving = false
}

// neighbours are the names before which MoveKey puts a key that goes up or
// down, and whether it can.
func (k *keys) neighbours(id keyID) (up, down string, canUp, canDown bool) {
	var names []string
	for i := range k.rows {
		if k.rows[i].Provider == id.provider && !k.rows[i].Fixed {
			names = append(names, k.rows[i].Name)
		}
	}
	i := slices.Index(names, id.name)
	if i < 0 {
		return "", "", false, false
	}
	if i > 0 {
		up, canUp = names[i-1], true
	}
	canDown = i+1 < len(names)
	if i+2 < len(names) {
		down = names[i+2]
	}
	return up, down, canUp, canDown
}

// verb carries out what a person wants of the selected key. The card is busy
// meanwhile and shows what came of it; where says what the key is called after.
func (k *keys) verb(doing string, limit time.Duration, id, after keyID, slow func(context.Context) (string, error)) {
	c := k.card
	c.work(doing)
	work(k.u, limit, slow, func(said string, err error) {
		c.rest()
		if k.selected != id {
			k.u.tell(err) // its card is not open any more
			return
		}
		if err != nil {
			c.fail(err)
		} else {
			c.said(said)
			if after != id {
				k.wanted = after
			}
		}
		k.u.redraw()
	})
}

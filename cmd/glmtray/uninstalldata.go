package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/glmtray/glmtray/internal/config"
	"github.com/glmtray/glmtray/internal/connect"
	"github.com/glmtray/glmtray/internal/lazy"
	"github.com/glmtray/glmtray/internal/store"
)

// dataPlaces are where our data lies: the folder, the settings file, and the
// folder of the body files, which may be elsewhere.
type dataPlaces struct{ folder, settings, logs string }

// dataPlaces are those of these settings, or the usual ones where they cannot be
// read.
func (u *uninstall) dataPlaces() (dataPlaces, error) {
	file, folder, err := u.r.e.places()
	if err != nil {
		return dataPlaces{}, err
	}
	at := dataPlaces{folder, file, filepath.Join(folder, "logs")}
	load := u.r.e.loadOptions(appOptions{})
	load.Keychain = noKeychain{}
	if s, err := config.Load(u.r.e.ctx, load); err == nil {
		at.logs = s.LogDir
	}
	return at, nil
}

// there are the places in which something is, without those within others.
func (at *dataPlaces) there() (paths []string) {
	for _, path := range []string{at.folder, at.settings, at.logs} {
		inside := strings.HasPrefix(path, at.folder+string(filepath.Separator))
		if _, err := os.Lstat(path); err == nil && !inside {
			paths = append(paths, path)
		}
	}
	return paths
}

// fate says what becomes of the data, as far as the flags tell.
func (c *uninstallCmd) fate() (keep bool, words string) {
	switch {
	case c.DeleteData:
		return false, "deleted"
	case c.KeepData || c.Yes:
		return true, "stays"
	}
	return false, "you are asked"
}

// data deletes records and settings, or lets them stay.
func (u *uninstall) data(c *uninstallCmd) part {
	p := part{name: "data", nothing: "there is none"}
	at, err := u.dataPlaces()
	if err != nil {
		u.failed = errors.Join(u.failed, err)
		p.nothing = err.Error()
		return p
	}
	keep, fate := c.fate()
	for _, path := range at.there() {
		p.plan = append(p.plan, path+": "+fate)
		p.stays = append(p.stays, "data: "+path)
	}
	p.agree = func() error {
		switch {
		case c.DeleteData:
			return nil
		case keep:
			return errDeclined
		case u.r.connector.Connected():
			u.left = append(u.left, "what connects agents, which cannot be deleted before they are put back")
			return errDeclined
		}
		return u.ask.confirm("Delete the records and the settings for good?", "deleting the records and the settings")
	}
	p.do = func() error {
		err := c.idle(u.r) // one that was started meanwhile would write it anew
		if err == nil {
			err = u.deleteData(&at)
		}
		if err != nil {
			u.left = append(u.left, p.stays...)
		}
		return wrapErr(err, "deleting the data")
	}
	return p
}

// Files of ours in the data folder, but for those of the database and of the
// connections, which those rooms know themselves; and what a kill has left of the
// settings beside them.
var (
	ownFile      = lazy.Regexp(`^(run\.json|(serving|window)\.lock|minutes\.jsonl(-\d+)?|(run|doctor)-\d+\.tmp)$`)
	halfSettings = lazy.Regexp(`^\.settings-\d+\.toml$`)
)

// deleteData deletes what is ours by its names, and a folder only if nothing else
// is in it: it may be somebody's home.
func (u *uninstall) deleteData(at *dataPlaces) error {
	paths := at.there()
	kept, err := u.r.connector.Clear()
	if errors.Is(err, connect.ErrConnected) {
		return hint(err, "they are put back with it: glmtray restore")
	}
	err = errors.Join(
		err, store.Remove(at.folder), store.RemoveBodies(u.r.e.ctx, at.logs),
		removeNamed(at.folder, ownFile()), removeNamed(filepath.Dir(at.settings), halfSettings()),
	)
	if u.named {
		paths = slices.DeleteFunc(paths, func(path string) bool { return path == at.settings })
		u.left = append(u.left, "the settings, which name what is still in the keychain: "+at.settings)
	} else {
		err = errors.Join(err, removeFiles(at.settings, at.settings+".lock"))
	}
	for _, dir := range []string{at.folder, filepath.Dir(at.settings)} {
		if dir != u.r.surroundings.Home && (dir == at.folder || filepath.Base(dir) == "glmtray") {
			_ = os.Remove(dir) // unless something else is in it
		}
	}
	if err != nil {
		return err
	}
	if len(paths) > 0 {
		u.done = append(u.done, "data: what is ours in "+strings.Join(paths, ", ")+" deleted")
	}
	for _, path := range kept {
		u.left = append(u.left, "kept for you, how an agent's file was: "+path)
	}
	u.left = append(u.left, others(at.folder, append(kept, at.settings, at.settings+".lock"))...)
	return nil
}

// removeNamed removes the files of a folder whose names are of one shape.
func removeNamed(dir string, shape *regexp.Regexp) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range list {
		if shape.MatchString(e.Name()) {
			err = errors.Join(err, removeFiles(filepath.Join(dir, e.Name())))
		}
	}
	return err
}

// removeFiles removes files; that one is not there is as wanted.
func removeFiles(paths ...string) (err error) {
	for _, path := range paths {
		if e := os.Remove(path); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// others names in one line what else is in a folder.
func others(dir string, known []string) []string {
	list, _ := os.ReadDir(dir) // of one that is gone there is nothing to say
	var names []string
	for _, e := range list {
		path := filepath.Join(dir, e.Name())
		if !slices.ContainsFunc(known, func(k string) bool { return k == path || filepath.Dir(k) == path }) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil
	}
	const most = 5
	if more := len(names) - most; more > 0 {
		names = append(names[:most], plural(more, "other"))
	}
	return []string{"what else is in " + dir + ": " + strings.Join(names, ", ")}
}

package manual

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// command is one command that can be typed, with all that may follow it.
type command struct {
	at    string // the words behind the program's name, each with a blank before: " keys add"; "": none yet
	node  *kong.Node
	subs  []*kong.Node
	flags []*kong.Flag // its own and those of the commands above
	files bool         // an argument of it is a file
}

// commands lists the program itself and every command below it.
func commands(app *kong.Application) []command {
	var out []command
	var walk func(n *kong.Node, at string)
	walk = func(n *kong.Node, at string) {
		c := command{at: at, node: n, subs: visible(n.Children)}
		for _, group := range n.AllFlags(true) {
			c.flags = append(c.flags, group...)
		}
		if n.DefaultCmd != nil { // what may follow it may follow its name left out as well
			for _, f := range n.DefaultCmd.Flags {
				if !f.Hidden {
					c.flags = append(c.flags, f)
				}
			}
		}
		for _, p := range n.Positional {
			c.files = c.files || isFile(p)
		}
		out = append(out, c)
		for _, sub := range c.subs {
			walk(sub, at+" "+sub.Name)
		}
	}
	walk(app.Node, "")
	return out
}

func visible(nodes []*kong.Node) (out []*kong.Node) {
	for _, n := range nodes {
		if !n.Hidden {
			out = append(out, n)
		}
	}
	return out
}

// isFile reports whether a value is the name of a file or a folder.
func isFile(v *kong.Value) bool {
	return slices.Contains([]string{"path", "existingfile", "existingdir", "filecontent"}, v.Tag.Type)
}

// choices are the words that a value may be; nil: not known.
func choices(v *kong.Value) []string {
	if v.Enum == "" {
		return nil
	}
	var out []string
	for word := range strings.SplitSeq(v.Enum, ",") {
		if word = strings.TrimSpace(word); word != "" {
			out = append(out, word)
		}
	}
	return out
}

// wantsValue reports whether the word behind the flag belongs to it.
func wantsValue(f *kong.Flag) bool { return !f.IsBool() && !f.IsCounter() }

// names are the ways a flag can be written.
func names(f *kong.Flag) []string {
	out := []string{"--" + f.Name}
	if f.Short != 0 {
		out = append([]string{"-" + string(f.Short)}, out...)
	}
	return out
}

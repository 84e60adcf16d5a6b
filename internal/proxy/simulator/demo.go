package simulator

import "time"

var demoModels = []Model{
	{ID: "demo-large", Context: 131072, MaxOutput: 8192},
	{ID: "demo-small", Context: 32768, MaxOutput: 4096},
	{ID: "demo-vision", Context: 65536, MaxOutput: 4096, Vision: true},
}

// DemoKey is one of the demo's keys. Its text opens nothing but the demo.
type DemoKey struct{ Name, Account, Text string }

// DemoKeys gives the demo's keys, in the order of their use: three in two
// accounts.
func DemoKeys() []DemoKey {
	return []DemoKey{
		{"north", "harbour", "demo-key-north"},
		{"south", "harbour", "demo-key-south"},
		{"east", "hill", "demo-key-east"},
	}
}

const demoText = "This is glmtray's built-in demo provider, not a language model: no provider key is set yet. " +
	"The pretend key \"{{key}}\" of the account \"{{account}}\" has answered as {{model}}. " +
	"After a few requests its account runs dry for some twenty seconds; send some more and watch the next key take over, " +
	"and the first one return. " +
	"As soon as you add a key of your own (glmtray keys add cerebras), the demo is over and real models answer.\n"

// Demo is the script of `glmtray demo`: accounts that run dry after five and
// four requests and are full again twenty seconds after the first of them.
func Demo() Script {
	s := Script{
		Vendor: DemoShape,
		Models: demoModels,
		Keys:   map[string]KeyScript{},
		Accounts: map[string]Limits{
			"harbour": {Rates: []Rate{{Of: "requests", Per: "minute", Max: 5, Refill: Duration(20 * time.Second), Window: true}}},
			"hill":    {Rates: []Rate{{Of: "requests", Per: "minute", Max: 4, Refill: Duration(20 * time.Second), Window: true}}},
		},
		Answer: Answer{
			Text: demoText, FirstDelay: Duration(150 * time.Millisecond), Pace: Duration(30 * time.Millisecond),
		},
	}
	for _, k := range DemoKeys() {
		s.Keys[k.Text] = KeyScript{Name: k.Name, Account: k.Account}
	}
	return s
}

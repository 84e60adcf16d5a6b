package chat

// Request is a conversation and what is wanted of its next turn, in words that
// every dialect has. Whoever encodes it must not change it: each try starts from
// the same one.
//
// Texts are plain (no JSON escapes). What is JSON by itself (a tool's schema, a
// call's arguments, numbers) stays the text that the client wrote, so that the
// order of keys and the form of numbers, and with them a provider's prompt
// cache, survive.
type Request struct {
	Model       string // as the client asked
	Stream      bool
	Messages    []Message
	Tools       []Tool
	Choice      Choice
	MaxOutput   int    // tokens; 0: none was given
	Temperature string // a JSON number; "" if none was given; the same for the next two
	TopP        string
	TopK        string
	Stop        []string
	Thinking    Thinking
	Format      Format
	Dropped     []string // what the client sent and the hub has no word for, by the client's names, each once
}

// Role says who speaks.
type Role string

// The roles. Results of tools are parts of a user's message.
const (
	System    Role = "system" // may stand anywhere in a conversation: Claude Code sends some in its midst
	User      Role = "user"
	Assistant Role = "assistant"
)

// Message is what one side says at a time. Several in a row may have one role.
type Message struct {
	Role  Role
	Parts []Part
}

// Kind is what a part is.
type Kind int8

// The kinds of parts, and which fields each has.
const (
	Text     Kind = iota // Text
	Image                // Media
	Document             // Media; Text instead, if it is plain text
	Thought              // Text, Signature
	Redacted             // Signature: thinking that only its author can read
	Call                 // ID, Name, Args: a tool call of an assistant
	Result               // ID, Parts, Failed: what a tool brought
)

// Part is a piece of a message.
type Part struct {
	Kind      Kind
	Text      string
	Media     Media
	Signature string // of Thought and Redacted; "" if unsigned
	ID        string // of Call, and of the call that Result answers
	Name      string // of Call: the tool's, as the client knows it
	Args      string // of Call: one JSON object as text, or whatever the model wrote in its place
	Freeform  bool   // of Call: the tool takes plain text; Args is {"input":"…"}
	Parts     []Part // of Result: Text, Image, Document
	Failed    bool   // of Result
}

// Media is a picture or a document.
type Media struct {
	Type string // "image/png"; "" if unknown
	Data string // base64
	URL  string // instead of Data
	Name string // a document's; may be empty
}

// Tool is a function that the model may call.
type Tool struct {
	Name        string // unique within the request
	Description string
	Schema      string // JSON object; "" if there is none
	Strict      bool
	Freeform    bool   // it takes plain text: offered as a function with one text "input"
	Namespace   string // the group that the client put it in; "" for none. Name is then what the model sees
	Local       string // its name within Namespace
}

// Choice says whether tools must be called.
type Choice struct {
	Mode   ChoiceMode
	Name   string // of the tool, for ChooseOne
	Single bool   // at most one call in a turn
}

// ChoiceMode is the kind of a Choice.
type ChoiceMode int8

// The modes. ChooseUnset leaves it to the provider, which means ChooseAuto.
const (
	ChooseUnset ChoiceMode = iota
	ChooseAuto
	ChooseAny // some tool must be called
	ChooseOne // that tool must be called
	ChooseNone
)

// Thinking says how much is to be thought before the answer.
type Thinking struct {
	Mode   ThinkingMode
	Effort string // "minimal", "low", "medium", "high", "xhigh", "max"; "" if none was named
	Budget int    // tokens; 0 if none was named
}

// ThinkingMode switches thinking.
type ThinkingMode int8

// The modes. ThinkUnset leaves it to the provider.
const (
	ThinkUnset ThinkingMode = iota
	ThinkOff
	ThinkOn
	ThinkAdaptive // the model decides, within Effort
)

// Format is the form that the answer's text must have.
type Format struct {
	Kind   FormatKind
	Name   string // of the schema
	Schema string // JSON object
	Strict bool
}

// FormatKind is the kind of a Format.
type FormatKind int8

// The kinds of formats.
const (
	FormatText FormatKind = iota
	FormatJSON            // some JSON object
	FormatSchema
)

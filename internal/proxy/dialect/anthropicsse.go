package dialect

import (
	"strconv"

	"github.com/glmtray/glmtray/internal/proxy/chat"
)

// The events of a Messages stream as they are written.

const (
	messageStop   = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"
	emptyText     = `{"type":"text","text":""}`
	emptyThinking = `{"type":"thinking","thinking":"","signature":""}`
)

// appendMessageStart writes the beginning of a message of which nothing is known
// but its id, perhaps, and what of the usage is.
func appendMessageStart(out []byte, ask *Ask, id string, used chat.Usage) []byte {
	out = append(out, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"...)
	out = appendAnthropicHead(out, ask, id)
	out = append(out, `,"content":[],"stop_reason":null,"stop_sequence":null,"usage":`...)
	return append(appendAnthropicUsage(out, used, ask.Tokens), "}}\n\n"...)
}

// appendBlockStart begins the beginning of a block, which ends with the block and
// endOfEvent.
func appendBlockStart(out []byte, index int) []byte {
	out = append(out, "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"...)
	return append(strconv.AppendInt(out, int64(index), 10), `,"content_block":`...)
}

func appendBlockStop(out []byte, index int) []byte {
	out = append(out, "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"...)
	return append(strconv.AppendInt(out, int64(index), 10), endOfEvent...)
}

// appendMessageEnd writes why a message ends, and the usage. messageStop follows it.
func appendMessageEnd(out []byte, ask *Ask, stop chat.Finish, match string, calls bool, used chat.Usage) []byte {
	out = append(out, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"...)
	out = appendAnthropicStop(out, stop, match, calls)
	out = appendAnthropicUsage(append(out, `},"usage":`...), used, ask.Tokens)
	return append(out, endOfEvent...)
}

// appendBlockDelta writes a piece of a block as it stands in a JSON string; lead is
// one of blockDelta.
func appendBlockDelta(out []byte, index int, lead string, raw []byte) []byte {
	out = appendDeltaLead(out, index, lead)
	return append(append(out, raw...), "\"}}\n\n"...)
}

func appendDeltaLead(out []byte, index int, lead string) []byte {
	out = append(out, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"...)
	return append(strconv.AppendInt(out, int64(index), 10), lead...)
}

// blockDelta begins the delta of each kind of block.
var (
	blockDelta = [...]string{
		chat.Text:    `,"delta":{"type":"text_delta","text":"`,
		chat.Thought: `,"delta":{"type":"thinking_delta","thinking":"`,
		chat.Call:    `,"delta":{"type":"input_json_delta","partial_json":"`,
	}
	signaturePiece = `,"delta":{"type":"signature_delta","signature":"`
)

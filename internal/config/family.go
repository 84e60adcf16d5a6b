package config

import "strings"

// families are the names by which makers call their models, as they stand in ids
// of every vendor ("zai-glm-4.7", "hf:zai-org/GLM-5.2", "gpt-oss-120b"). The
// longer of two that overlap stands first.
var families = []string{
	"gpt-oss", "glm", "qwen", "kimi", "llama", "gemma", "deepseek", "minimax", "nemotron", "mistral", "devstral",
}

// Family tells which makers' family a model id belongs to: "glm" for
// "zai-glm-4.7". "" if the id does not say, as an alias does not.
func Family(id string) string {
	id = strings.ToLower(id)
	if slash := strings.LastIndexByte(id, '/'); slash >= 0 {
		id = id[slash+1:] // behind the maker's name
	}
	for _, f := range families {
		if at := strings.Index(id, f); at >= 0 && (at == 0 || !letter(id[at-1])) {
			return f
		}
	}
	return ""
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' }

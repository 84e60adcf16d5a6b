package config

import "testing"

func TestAModelsFamilyIsReadOffItsID(t *testing.T) {
	for id, want := range map[string]string{
		"glm-4.6": "glm", "zai-glm-4.7": "glm", "hf:zai-org/GLM-5.2": "glm", "glm-5.3[1m]": "glm",
		"gpt-oss-120b": "gpt-oss", "hf:openai/gpt-oss-120b": "gpt-oss", "qwen-3.8-27b": "qwen", "hf:Qwen/Qwen3.8-27B": "qwen",
		"hf:moonshotai/Kimi-K3": "kimi", "hf:nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4": "nemotron",
		"syn:large:text": "", "claude-sonnet-5": "", "gpt-5": "", "haiglm": "", "": "",
	} {
		if got := Family(id); got != want {
			t.Errorf("Family(%q) = %q, want %q", id, got, want)
		}
	}
}

package api_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocumentation sends what the pages send: every curl line, in order, to a running program.
func TestDocumentation(t *testing.T) {
	part := regexp.MustCompile(`'[^']*'|"[^"]*"|\S+`)
	for _, page := range []string{"../docs/api.md", "../docs/api.ja.md"} {
		s := newSite(t)
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		ran := 0
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "curl ") {
				continue
			}
			method, path := "GET", ""
			var in any
			var headers []string
			words := part.FindAllString(strings.TrimSpace(line), -1)[1:]
			for i := 0; i < len(words); i++ {
				word := strings.Trim(words[i], `'"`)
				switch word {
				case "-X":
					i++
					method = words[i]
				case "-d":
					i++
					in = strings.Trim(words[i], `'`)
				case "-o":
					i++
				case "-H":
					i++
					name, value, _ := strings.Cut(strings.Trim(words[i], `"`), ": ")
					if name != "Authorization" {
						headers = append(headers, name, value)
					}
				default:
					path = strings.TrimPrefix(word, "$URL/api/v1")
				}
			}
			token := "analyst"
			if method == "PATCH" {
				token = "administrator"
			}
			s.must(200, token, method, path, in, headers...)
			ran++
		}
		if ran < 5 {
			t.Errorf("%s: only %d lines were run", page, ran)
		}
	}
}

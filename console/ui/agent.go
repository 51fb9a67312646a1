package ui

import "strings"

// browsers and systems are looked for in this order: most browsers claim to be several others, too.
var (
	browsers = [][2]string{{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}}
	systems  = [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "Mac"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}}
)

// Browser names what a User-Agent says of itself, as people know it: "Chrome, Linux". What is not known is cut short.
func Browser(agent string) string {
	found := func(names [][2]string) string {
		for _, n := range names {
			if strings.Contains(agent, n[0]) {
				return n[1]
			}
		}
		return ""
	}
	b, s := found(browsers), found(systems)
	switch {
	case b != "" && s != "":
		return b + ", " + s
	case b != "":
		return b
	}
	const longest = 40
	if r := []rune(agent); len(r) > longest {
		return string(r[:longest]) + "…"
	}
	return agent
}

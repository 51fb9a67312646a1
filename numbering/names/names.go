// Package names names countries, and what a restriction stands against, for people.
package names

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"tsujiban"
	"tsujiban/numbering"
)

var namers = [...]display.Namer{tsujiban.Japanese: display.Regions(language.Japanese), tsujiban.English: display.Regions(language.English)}

// Country names a country (ISO 3166-1 alpha-2). What is no country is told as it is, nothing as "–".
func Country(l tsujiban.Lang, iso string) string {
	if iso == "" {
		return "–"
	}
	region, err := language.ParseRegion(iso)
	if err != nil {
		return iso
	}
	if name := namers[l].Name(region); name != "" {
		return name
	}
	return iso
}

// mostNamed is how many countries of one code are named; more are told as the first and others.
const mostNamed = 2

// Code names the countries that share a Destination.Code; empty where there is none.
func Code(l tsujiban.Lang, code uint16) string {
	list := numbering.CountriesOf(code)
	if len(list) == 0 {
		return ""
	}
	more := len(list) > mostNamed
	if more {
		list = list[:1]
	}
	for i, iso := range list {
		list[i] = Country(l, iso)
	}
	switch {
	case l == tsujiban.English && more:
		return list[0] + " and others"
	case l == tsujiban.English:
		return strings.Join(list, " and ")
	case more:
		return list[0] + "など"
	}
	return strings.Join(list, "・")
}

// Reach says what a restriction stands against, places by name.
func Reach(l tsujiban.Lang, r tsujiban.Reach) string {
	return r.TextOf(l, func(code uint16) string { return Code(l, code) })
}

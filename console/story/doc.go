// Package story has no code: its tests are the console as people meet it, whole: real calls, a real mail server, and Chromium.
//
//   - story_test.go: a hijacking from the first call to the release, and an inquiry from the paper to the bundle.
//   - crawl_test.go: every page of every room as each role, in both languages, in a site that strangers have written all over.
package story

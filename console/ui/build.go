package ui

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"path"
	"slices"
	"strings"
	"text/template/parse"
	"time"

	"tsujiban"
	"tsujiban/console/ui/fan"
	"tsujiban/people"
)

//go:embed templates pages words.toml
var own embed.FS

// Node is what every page of this node has in common.
type Node struct {
	Name     string
	Zone     *time.Location
	Currency string
	Version  string
	Key      []byte // signs tokens and notices; secret
	Secure   bool   // pages are served over TLS: cookies are told so
	Clock    func() time.Time
	Log      *slog.Logger
	// StandBack has the calling goroutine work behind those of calls until it ends; nil: nobody has to.
	StandBack func()
}

// Book holds the pages of all rooms, parsed once, in every language. It is immutable, but for who watches.
type Book struct {
	node   Node
	fan    *fan.Fan
	rooms  []*room
	shared *room  // pages that belong to no room: what went wrong
	menu   []Item // of all rooms, in order
	words  map[string]words
}

// StreamsEnded returns when nobody watches a topic any more, or when ctx is done, with its error.
func (b *Book) StreamsEnded(ctx context.Context) error { return b.fan.Wait(ctx) }

// room is a Room whose files were read.
type room struct {
	Room
	words words // its own and the shared ones
	own   words
	pages [2]map[string]*template.Template // by language, then by the file's name without .html
	used  map[string]bool                  // words that its pages name
}

var languages = [...]tsujiban.Lang{tsujiban.Japanese, tsujiban.English}

// Build reads the rooms' files. A room has words.toml and pages/NAME.html, each with {{define "title"}} and {{define "content"}};
// files of pages that begin with "_" are parsed into every page of the room. A word that a page names and nobody has is an error.
func Build(n Node, rooms ...Room) (*Book, error) {
	if n.Clock == nil {
		n.Clock = time.Now
	}
	if n.Log == nil {
		n.Log = slog.New(slog.DiscardHandler)
	}
	shared, err := readWords(own, "words.toml")
	if err != nil {
		return nil, err
	}
	b := &Book{node: n, fan: fan.New(n.StandBack), words: map[string]words{}}
	if b.shared, err = b.build(Room{Name: "shared", Files: own}, nil); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	for _, r := range rooms {
		built, err := b.build(r, shared)
		if err != nil {
			return nil, fmt.Errorf("console, room %s: %w", r.Name, err)
		}
		b.rooms = append(b.rooms, built)
		b.menu = append(b.menu, r.Menu...)
	}
	slices.SortStableFunc(b.menu, func(x, y Item) int { return cmp.Compare(x.Order, y.Order) })
	return b, nil
}

func (b *Book) build(r Room, shared words) (*room, error) {
	out := &room{Room: r, words: words{}, own: words{}, used: map[string]bool{}}
	if r.Files != nil {
		w, err := readWords(r.Files, "words.toml")
		if err != nil {
			return nil, err
		}
		out.own = w
	}
	for k, v := range shared {
		out.words[k] = v
	}
	for k, v := range out.own {
		if _, twice := shared[k]; twice {
			return nil, fmt.Errorf("words.toml: %s is one of the shared words; give it another name", k)
		}
		out.words[k] = v
	}
	for i := range r.Menu {
		if _, ok := out.words[r.Menu[i].Word]; !ok {
			return nil, fmt.Errorf("the menu's word %q is in no words.toml", r.Menu[i].Word)
		}
		out.used[r.Menu[i].Word] = true
		r.Menu[i].Word = r.Name + ":" + r.Menu[i].Word
	}
	for _, l := range languages {
		pages, err := b.pages(out, l)
		if err != nil {
			return nil, err
		}
		out.pages[l] = pages
	}
	b.words[r.Name] = out.words
	return out, nil
}

// pages parses every page of a room in one language.
func (b *Book) pages(r *room, l tsujiban.Lang) (map[string]*template.Template, error) {
	base, err := template.New("layout").Funcs(b.funcs(r, l)).ParseFS(own, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	if r.Files == nil {
		return pages, nil
	}
	names, err := fs.Glob(r.Files, "pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		short := strings.TrimSuffix(path.Base(name), ".html")
		if strings.HasPrefix(short, "_") {
			if _, err := base.ParseFS(r.Files, name); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range names {
		short := strings.TrimSuffix(path.Base(name), ".html")
		if strings.HasPrefix(short, "_") {
			continue
		}
		t, err := template.Must(base.Clone()).ParseFS(r.Files, name)
		if err != nil {
			return nil, err
		}
		for _, part := range t.Templates() {
			if part.Tree != nil {
				if err := r.check(part.Tree.Root); err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
			}
		}
		pages[short] = t
	}
	return pages, nil
}

// check walks a page and notes which words it names.
func (r *room) check(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Nodes {
			if err := r.check(c); err != nil {
				return err
			}
		}
	case *parse.ActionNode:
		return r.check(n.Pipe)
	case *parse.TemplateNode:
		return r.check(n.Pipe)
	case *parse.IfNode:
		return r.branch(&n.BranchNode)
	case *parse.RangeNode:
		return r.branch(&n.BranchNode)
	case *parse.WithNode:
		return r.branch(&n.BranchNode)
	case *parse.PipeNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Cmds {
			if err := r.command(c); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *room) branch(b *parse.BranchNode) error {
	for _, n := range []parse.Node{b.Pipe, b.List, b.ElseList} {
		if err := r.check(n); err != nil {
			return err
		}
	}
	return nil
}

func (r *room) command(c *parse.CommandNode) error {
	for _, a := range c.Args {
		if err := r.check(a); err != nil {
			return err
		}
	}
	if len(c.Args) < 2 {
		return nil
	}
	f, ok := c.Args[0].(*parse.IdentifierNode)
	key, literal := c.Args[1].(*parse.StringNode)
	if !ok || !literal {
		return nil
	}
	switch f.Ident {
	case "t":
		if _, ok := r.words[key.Text]; !ok {
			return fmt.Errorf("there is no word %q; write it into words.toml in both languages", key.Text)
		}
		r.used[key.Text] = true
	case "word":
		found := false
		for k := range r.words {
			if strings.HasPrefix(k, key.Text+".") {
				r.used[k], found = true, true
			}
		}
		if !found {
			return fmt.Errorf("there are no words %q; write them into words.toml in both languages", key.Text+".…")
		}
	}
	return nil
}

// Unused lists the room's own words that no page names; those that Go code says are for the caller to take off.
func (b *Book) Unused(roomName string) (keys []string) {
	for _, r := range b.rooms {
		if r.Name != roomName {
			continue
		}
		for _, k := range r.own.keys() {
			if !r.used[k] {
				keys = append(keys, k)
			}
		}
	}
	return keys
}

// Routes are all routes of all rooms.
func (b *Book) Routes() (routes []Bound) {
	for _, r := range b.rooms {
		for _, route := range r.Routes {
			routes = append(routes, Bound{route, b, r})
		}
	}
	return routes
}

// Bound is a route together with the pages of its room.
type Bound struct {
	Route
	book *Book
	room *room
}

// Room names the room.
func (b *Bound) Room() string { return b.room.Name }

// Bind gives a request the pages of the route.
func (b *Bound) Bind(r *Request) { r.book, r.room = b.book, b.room }

// render executes a named template of a page.
func (b *Book) render(r *room, l tsujiban.Lang, page, name string, v *View) ([]byte, error) {
	t := r.pages[l][page]
	if t == nil {
		return nil, fmt.Errorf("room %s has no page %q", r.Name, page)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, name, v); err != nil {
		return nil, fmt.Errorf("page %s/%s: %w", r.Name, page, err)
	}
	return buf.Bytes(), nil
}

// BindShared gives a request the pages that belong to no room: what went wrong.
func (b *Book) BindShared(r *Request) { r.book, r.room = b, b.shared }

// First is the first page of the menu that a person may see; empty when there is none.
func (b *Book) First(p *people.Person) string {
	for _, i := range b.menu {
		if p != nil && p.May(i.Right) {
			return i.Path
		}
	}
	return ""
}

// Has tells whether a room has a word, its own or a shared one.
func (b *Book) Has(roomName, key string) bool { _, ok := b.words[roomName][key]; return ok }

// Knows tells whether a room has words of its own whose keys begin with a group.
func (b *Book) Knows(roomName, group string) bool {
	for _, r := range b.rooms {
		if r.Name == roomName {
			return slices.ContainsFunc(r.own.keys(), func(k string) bool { return strings.HasPrefix(k, group+".") })
		}
	}
	return false
}

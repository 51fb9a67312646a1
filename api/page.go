package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// pageStyle is the whole look of the page for people.
const pageStyle = `:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;margin:0 auto;padding:1.5rem;max-width:60rem}h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem;border-bottom:1px solid}h3{font-size:1rem;margin:2rem 0 .25rem}code{font:14px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%;font-size:.9rem}th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0;border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}p{margin:.25rem 0 .5rem}p.what{white-space:pre-line}`

var pageStyleHash = func() string {
	h := sha256.Sum256([]byte(pageStyle))
	return "sha256-" + base64.StdEncoding.EncodeToString(h[:])
}()

var pageTemplate = template.Must(template.New("docs").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Tsujiban API</title><style>{{.Style}}</style></head>
<body><main><h1>Tsujiban API</h1>
<p class="what">{{.Intro}}</p>
<p>The same for programs: <a href="openapi.json">openapi.json</a>, <a href="openapi.yaml">openapi.yaml</a> (OpenAPI 3.1).</p>
{{range .Groups}}<h2 id="{{.Name}}">{{.Name}}</h2><p>{{.Text}}</p>
{{range .Ops}}<h3 id="{{.OperationID}}"><code>{{.Method}} {{.Path}}</code> {{.Summary}}</h3><p class="what">{{.Description}}</p>
{{end}}{{end}}<h2 id="shapes">Shapes</h2>
{{range .Shapes}}<h3 id="{{.Name}}">{{.Name}}</h3><table><thead><tr><th scope="col">Field</th><th scope="col">Type</th><th scope="col">Meaning</th></tr></thead><tbody>
{{range .Fields}}<tr><td><code>{{.Name}}</code>{{if .Must}} *{{end}}</td><td>{{if .Link}}<a href="#{{.Link}}">{{.Kind}}</a>{{else}}{{.Kind}}{{end}}</td><td>{{.Text}}</td></tr>
{{end}}</tbody></table>
{{end}}</main></body></html>
`))

type pageGroup struct {
	Name, Text string
	Ops        []*huma.Operation
}

type pageField struct {
	Name, Kind, Link, Text string
	Must                   bool
}

type pageShape struct {
	Name   string
	Fields []pageField
}

// page is the document for people, in one piece: no script, nothing from elsewhere.
func page(doc *huma.OpenAPI) []byte {
	var groups []pageGroup
	for _, t := range doc.Tags {
		g := pageGroup{Name: t.Name, Text: t.Description}
		for _, row := range Rows {
			item := doc.Paths[row.Path]
			if item == nil {
				continue
			}
			for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
				if op != nil && op.OperationID == row.ID && slices.Contains(op.Tags, t.Name) {
					g.Ops = append(g.Ops, op)
				}
			}
		}
		groups = append(groups, g)
	}
	var shapes []pageShape
	schemas := doc.Components.Schemas.Map()
	for _, name := range sortedKeys(schemas) {
		shape := pageShape{Name: name}
		for _, field := range sortedKeys(schemas[name].Properties) {
			f := schemas[name].Properties[field]
			v := pageField{Name: field, Text: f.Description, Must: slices.Contains(schemas[name].Required, field)}
			v.Kind, v.Link = kindAndLink(f)
			shape.Fields = append(shape.Fields, v)
		}
		if len(shape.Fields) > 0 {
			shapes = append(shapes, shape)
		}
	}
	var b bytes.Buffer
	err := pageTemplate.Execute(&b, map[string]any{
		"Style": template.CSS(pageStyle), "Intro": strings.NewReplacer("**", "", "`", "").Replace(introduction), "Groups": groups, "Shapes": shapes,
	})
	if err != nil {
		panic(err) // it is made of constants
	}
	return b.Bytes()
}

func kindAndLink(f *huma.Schema) (kind, link string) {
	if f.Ref != "" {
		name := f.Ref[strings.LastIndexByte(f.Ref, '/')+1:]
		return name, name
	}
	if f.Items != nil {
		kind, link = kindAndLink(f.Items)
		return "list of " + kind, link
	}
	if f.Format != "" && f.Type == huma.TypeString {
		return f.Format, ""
	}
	return f.Type, ""
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

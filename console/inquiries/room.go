package inquiries

import (
	"tsujiban/console/ui"
	"tsujiban/people"
)

// Room shows the inquiry desk.
func Room() ui.Room {
	return ui.Room{
		Name: "inquiries", Files: files,
		Menu: []ui.Item{{Path: "/inquiries", Word: "inquiries.menu", Icon: "inquiry", Key: "i", Right: people.SeeInquiries, Order: 60}},
		Routes: []ui.Route{
			{Method: "GET", Path: "/inquiries", Right: people.SeeInquiries, Handle: list},
			{Method: "GET", Path: "/inquiries/new", Right: people.Inquire, Handle: blank},
			{Method: "POST", Path: "/inquiries/new", Right: people.Inquire, Handle: open},
			{Method: "GET", Path: "/inquiries/{case}", Right: people.SeeInquiries, Handle: show},
			{Method: "GET", Path: "/inquiries/{case}/ask", Right: people.SeeInquiries, Handle: show},
			{Method: "POST", Path: "/inquiries/{case}/ask", Right: people.Inquire, Handle: ask},
			{Method: "POST", Path: "/inquiries/{case}/reveal", Right: people.Inquire, Also: people.RevealNumbers, Handle: reveal},
			{Method: "GET", Path: "/inquiries/{case}/reveal", Right: people.SeeInquiries, Handle: show},
			{Method: "POST", Path: "/inquiries/{case}/close", Right: people.Inquire, Handle: end},
			{Method: "POST", Path: "/inquiries/{case}/looks/{look}/{what}", Right: people.HandOver, Slow: true, Handle: handOver},
			{Method: "GET", Path: "/inquiries/{case}/looks/{look}/{what}", Right: people.SeeInquiries, Handle: show},
		},
	}
}

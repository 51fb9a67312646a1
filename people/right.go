package people

// Right is one thing that a person may do. A route of the console and of the API names
// the right that it needs; nothing else decides.
type Right uint8

// The rights. Those of the portal reach only as far as the person's own customers.
const (
	Open      Right = iota // everybody, also who is not signed in
	SignedIn               // everybody who is
	SeeLive                // the picture of now, health, totals
	SeeCases               // cases of suspicion, their weights and timeline
	ActOnCase              // restrict, release, end calls, ask the customer, note, hand over
	SeeCustomers
	ChangeCustomers // customers, trunks, limits
	SearchCalls     // call records, with a ground
	RevealNumbers   // whole numbers in call records, with a reason
	ExportCalls
	SeeNumbers // the ledger
	ChangeNumbers
	ScreenHolders
	SuspendNumbers
	AnnualReport
	SeeInquiries
	Inquire  // open cases, ask
	HandOver // letters and bundles leave the house
	SeeRules
	ChangeRules
	SeeRetention
	ChangeRetention
	SeeStaff
	ChangeStaff
	LockStaff // keep somebody out: disable, sign out everywhere
	SeeRecord // the record of actions
	Approve   // be the second person
	OwnUse    // the portal: use, bill
	OwnSwitches
	OwnLimits
	OwnStop  // the kill switch
	OwnReply // was this you?
	NumRights
)

var rightNames = [NumRights]string{
	"open", "signed-in", "see-live", "see-cases", "act-on-case", "see-customers", "change-customers", "search-calls", "reveal-numbers", "export-calls",
	"see-numbers", "change-numbers", "screen-holders", "suspend-numbers", "annual-report", "see-inquiries", "inquire", "hand-over", "see-rules", "change-rules",
	"see-retention", "change-retention", "see-staff", "change-staff", "lock-staff", "see-record", "approve", "own-use", "own-switches", "own-limits", "own-stop", "own-reply",
}

func (r Right) String() string {
	if r >= NumRights {
		return "unknown"
	}
	return rightNames[r]
}

// ParseRight reads the name of a right.
func ParseRight(s string) (Right, bool) {
	for i, n := range rightNames {
		if n == s {
			return Right(i), true
		}
	}
	return 0, false
}

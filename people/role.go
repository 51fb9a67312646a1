package people

// Role is what somebody is here for. A person has one.
type Role uint8

// The roles.
const (
	Viewer         Role = iota + 1 // looks at the desk
	Analyst                        // works on cases
	InquiryOfficer                 // answers the police
	Administrator                  // customers, rules, staff
	Reseller                       // its own customers only
	CustomerRole                   // itself only
	numRoles
)

// Roles are all roles, in order.
var Roles = []Role{Viewer, Analyst, InquiryOfficer, Administrator, Reseller, CustomerRole}

var roleNames = [numRoles]string{"", "viewer", "analyst", "inquiry-officer", "administrator", "reseller", "customer"}

func (r Role) String() string {
	if r == 0 || r >= numRoles {
		return "unknown"
	}
	return roleNames[r]
}

// ParseRole reads the name of a role.
func ParseRole(s string) (Role, bool) {
	for _, r := range Roles {
		if roleNames[r] == s {
			return r, true
		}
	}
	return 0, false
}

// Staff tells whether the role works for the operator. Others reach their own customers only.
func (r Role) Staff() bool { return r >= Viewer && r <= Administrator }

// granted says what each role may do, as little as its work needs. An administrator does
// not answer the police and an inquiry officer sets no limits: each look and each change
// has one kind of person who answers for it.
var granted = [numRoles][]Right{
	Viewer:         {SeeLive, SeeCases, SeeCustomers, SeeRules},
	Analyst:        {SeeLive, SeeCases, ActOnCase, SeeCustomers, SearchCalls, RevealNumbers, SeeNumbers, SeeRules, Approve},
	InquiryOfficer: {SeeLive, SeeCases, SeeCustomers, SearchCalls, RevealNumbers, ExportCalls, SeeNumbers, SuspendNumbers, SeeInquiries, Inquire, HandOver, SeeRetention, SeeRecord, Approve},
	Administrator: {
		SeeLive, SeeCases, ActOnCase, SeeCustomers, ChangeCustomers, SearchCalls, SeeNumbers, ChangeNumbers, ScreenHolders, SuspendNumbers, AnnualReport,
		SeeRules, ChangeRules, SeeRetention, ChangeRetention, SeeStaff, ChangeStaff, LockStaff, SeeRecord, Approve,
	},
	Reseller:     {OwnUse, OwnSwitches, OwnLimits, OwnStop, OwnReply},
	CustomerRole: {OwnUse, OwnSwitches, OwnLimits, OwnStop, OwnReply},
}

// May tells whether a role has a right. [Open] and [SignedIn] every role has.
func (r Role) May(right Right) bool {
	if r == 0 || r >= numRoles {
		return right == Open
	}
	if right == Open || right == SignedIn {
		return true
	}
	for _, g := range granted[r] {
		if g == right {
			return true
		}
	}
	return false
}

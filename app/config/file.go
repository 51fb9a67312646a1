package config

// These are the shapes of the file, before any value is understood. Numbers that
// may be left out are pointers; text with a meaning (money, time, size) is kept
// as written, so that its problem can be told with its line.

type fileConfig struct {
	Node      fileNode      `toml:"node"`
	Listen    []fileListen  `toml:"listen"`
	Carrier   []fileCarrier `toml:"carrier"`
	Guard     fileGuard     `toml:"guard"`
	Journal   fileJournal   `toml:"journal"`
	Ledger    fileLedger    `toml:"ledger"`
	Retention fileRetention `toml:"retention"`
	SIP       fileSIP       `toml:"sip"`
	Control   fileControl   `toml:"control"`
	Console   fileConsole   `toml:"console"`
	Metrics   fileMetrics   `toml:"metrics"`
	Log       fileLog       `toml:"log"`
	Mail      fileMail      `toml:"mail"`
	Webhook   []fileWebhook `toml:"webhook"`
	Notify    fileNotify    `toml:"notify"`
}

type fileMail struct {
	Server       string `toml:"server"`
	Port         *int   `toml:"port"`
	Security     string `toml:"security"`
	User         string `toml:"user"`
	PasswordFile string `toml:"password_file"`
	CA           string `toml:"ca"`
	From         string `toml:"from"`
	ReplyTo      string `toml:"reply_to"`
}

type fileWebhook struct {
	ID            string   `toml:"id"`
	URL           string   `toml:"url"`
	Format        string   `toml:"format"`
	SecretFile    string   `toml:"secret_file"`
	Kinds         []string `toml:"kinds"`
	AllowNetworks []string `toml:"allow_networks"`
	Language      string   `toml:"language"`
}

type fileNotify struct {
	Staff      []string `toml:"staff"`
	Customers  string   `toml:"customers"`
	Digest     string   `toml:"digest"`
	QuietFrom  string   `toml:"quiet_from"`
	QuietUntil string   `toml:"quiet_until"`
	Storm      *int     `toml:"storm"`
	Spread     string   `toml:"spread"`
	GiveUp     string   `toml:"give_up"`
}

type fileNode struct {
	Name     string `toml:"name"`
	Data     string `toml:"data"`
	Country  string `toml:"country"`
	TimeZone string `toml:"time_zone"`
	Language string `toml:"language"`
	Currency string `toml:"currency"`
}

type fileListen struct {
	Transport   string `toml:"transport"`
	Address     string `toml:"address"`
	Advertise   string `toml:"advertise"`
	Certificate string `toml:"certificate"`
	Key         string `toml:"key"`
	ClientCA    string `toml:"client_ca"`
}

type fileCarrier struct {
	ID          string   `toml:"id"`
	Address     string   `toml:"address"`
	Transport   string   `toml:"transport"`
	Priority    *int     `toml:"priority"`
	Weight      *int     `toml:"weight"`
	Probe       string   `toml:"probe"`
	Sources     []string `toml:"sources"`
	ServerName  string   `toml:"server_name"`
	CA          string   `toml:"ca"`
	Certificate string   `toml:"certificate"`
	Key         string   `toml:"key"`
}

type fileGuard struct {
	Fraud     string     `toml:"fraud"`
	Rates     string     `toml:"rates"`
	NoRate    string     `toml:"no_rate"`
	Hints     string     `toml:"hints"`
	Caution   *int       `toml:"caution"`
	Harm      literal    `toml:"harm"`
	Closed    []string   `toml:"closed"`
	Emergency []string   `toml:"emergency"`
	Defaults  fileLimits `toml:"defaults"`
}

type fileLimits struct {
	CapCall        literal  `toml:"cap_call"`
	CapDay         literal  `toml:"cap_day"`
	CapMonth       literal  `toml:"cap_month"`
	Channels       *int     `toml:"channels"`
	CallsPerSecond *int     `toml:"calls_per_second"`
	LongestCall    string   `toml:"longest_call"`
	AllowCountries []string `toml:"allow_countries"`
	BarCountries   []string `toml:"bar_countries"`
	BarPrefixes    []string `toml:"bar_prefixes"`
	AllowClasses   []string `toml:"allow_classes"`
	Hours          string   `toml:"hours"`
}

type fileJournal struct {
	OnFailure string `toml:"on_failure"`
	Segment   string `toml:"segment"`
}

type fileLedger struct {
	Name   string `toml:"name"`
	Scheme string `toml:"scheme"`
	Screen string `toml:"screen"`
}

type fileRetention struct {
	Calls       string `toml:"calls"`
	Journal     string `toml:"journal"`
	Looks       string `toml:"looks"`
	Checks      string `toml:"checks"`
	Inquiries   string `toml:"inquiries"`
	Screens     string `toml:"screens"`
	Suspensions string `toml:"suspensions"`
	At          string `toml:"at"`
}

type fileSIP struct {
	Realm             string `toml:"realm"`
	IdleLimit         string `toml:"idle_limit"`
	RingLimit         string `toml:"ring_limit"`
	TryNext           string `toml:"try_next"`
	MaxCallsPerSecond *int   `toml:"max_calls_per_second"`
	MaxCalls          *int   `toml:"max_calls"`
	Drain             string `toml:"drain"`
	OnStop            string `toml:"on_stop"`
}

type fileControl struct {
	Socket string   `toml:"socket"`
	Users  []string `toml:"users"`
}

type fileConsole struct {
	Listen      string   `toml:"listen"`
	Certificate string   `toml:"certificate"`
	Key         string   `toml:"key"`
	PublicURL   string   `toml:"public_url"`
	Proxies     []string `toml:"trusted_proxies"`
	Idle        string   `toml:"session_idle"`
	Absolute    string   `toml:"session_length"`
	Second      []string `toml:"two_persons"`
	OIDC        fileOIDC `toml:"oidc"`
}

type fileOIDC struct {
	Issuer     string `toml:"issuer"`
	ClientID   string `toml:"client_id"`
	SecretFile string `toml:"client_secret_file"`
	Name       string `toml:"name"`
	Claim      string `toml:"login_claim"`
	Create     string `toml:"create_as"`
}

type fileMetrics struct {
	Listen string `toml:"listen"`
}

type fileLog struct {
	Format string `toml:"format"`
	Level  string `toml:"level"`
}

type fileSeed struct {
	Customer []fileCustomer `toml:"customer"`
	Trunk    []fileTrunk    `toml:"trunk"`
}

type fileCustomer struct {
	ID            string     `toml:"id"`
	Name          string     `toml:"name"`
	International bool       `toml:"international"`
	Opened        any        `toml:"opened"` // text or a local date
	Contact       string     `toml:"contact"`
	Language      string     `toml:"language"`
	Numbers       []string   `toml:"numbers"`
	Limits        fileLimits `toml:"limits"`
}

type fileTrunk struct {
	ID              string   `toml:"id"`
	Customer        string   `toml:"customer"`
	Sources         []string `toml:"sources"`
	CertificateName string   `toml:"certificate_name"`
	Username        string   `toml:"username"`
	Realm           string   `toml:"realm"`
	Password        string   `toml:"password"`
	HA1MD5          string   `toml:"ha1_md5"`
	HA1SHA256       string   `toml:"ha1_sha256"`
	Address         string   `toml:"address"`
	Transport       string   `toml:"transport"`
	Registrar       string   `toml:"registrar"`
	Domain          string   `toml:"domain"`
}

// literal is a value as it is written, with or without quotes: 20000, "20,000", 2015-04-01.
type literal struct{ text string }

// UnmarshalText keeps the text; it never fails.
func (l *literal) UnmarshalText(b []byte) error {
	l.text = string(b)
	return nil
}

package install

// Where things are on the host. They are the same in the packages.
const (
	// ConfigFolder holds agent.yaml, conf.d and the files below.
	ConfigFolder = "/etc/pharos-agent"
	// StateFolder holds the queue, what log files were read, and the status.
	StateFolder = "/var/lib/pharos-agent"
	// EnvironmentFile is in ConfigFolder and gives values to ${env:NAME} in the configuration.
	EnvironmentFile = "agent.env"
	// StatusFile is in StateFolder.
	StatusFile = "status.json"
	// Unit is the name of the systemd unit.
	Unit = "pharos-agent.service"
	// KeyPath holds the API key.
	KeyPath = ConfigFolder + "/" + keyFile

	configFile   = "agent.yaml"
	moreFolder   = "conf.d"
	keyFile      = "api-key"
	caFile       = "ca.pem"
	userName     = "pharos-agent"
	program      = "/usr/local/bin/pharos-agent" // where install puts it
	packaged     = "/usr/bin/pharos-agent"       // where a package puts it
	packagedUnit = "/usr/lib/systemd/system/" + Unit
	unitFolder   = "/etc/systemd/system"
	wantsFolder  = unitFolder + "/multi-user.target.wants"
	bootedBy     = "/run/systemd/system" // is there while systemd runs the system
)

// Command soci-oracle runs the official SOCI library on layers, zTOCs and SOCI indexes.
//
// It is what the tests compare Launchway with: it builds zTOCs as the official tool does, and reads
// those of others as the official snapshotter does. README.md says how it is built, from one source
// against two versions of the library. Everything it prints depends on TZ; the tests set UTC.
package main

import (
	"fmt"
	"os"
)

// A command is one word of the command line.
type command struct {
	arguments string
	about     string
	least     int // arguments
	run       func(arguments []string) error
}

var commands = map[string]command{
	"build":  {"LAYER OUT.ztoc [SPAN_SIZE [BUILD_TOOL]]", "write the official zTOC of a layer", 2, build},
	"dump":   {"ZTOC", "print header, spans and members", 1, dump},
	"ckpt":   {"ZTOC", "write the raw checkpoints to standard output", 1, checkpoints},
	"verify": {"LAYER ZTOC", "compare every span and member with the layer", 2, verify},
	"index":  {"INDEX.json", "check that a SOCI index survives decoding and encoding byte for byte", 1, index},
	"gzip":   {"LEVEL <IN >OUT", "compress with Go's compress/gzip", 1, compress},
	"repack": {"<IN >OUT", "write an archive again with Go's archive/tar", 0, repack},
}

func main() {
	arguments := os.Args[1:]
	if len(arguments) > 0 {
		if chosen, ok := commands[arguments[0]]; ok && len(arguments) > chosen.least {
			if err := chosen.run(arguments[1:]); err != nil {
				fmt.Fprintf(os.Stderr, "soci-oracle (soci-snapshotter %s): %s: %v\n", libraryVersion(), arguments[0], err)
				os.Exit(1)
			}
			return
		}
	}
	usage()
	os.Exit(2)
}

package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strconv"
)

func usage() {
	fmt.Fprintf(os.Stderr, "soci-oracle, with soci-snapshotter %s\n", libraryVersion())
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Fprintf(os.Stderr, "  %-7s %-62s %s\n", name, commands[name].arguments, commands[name].about)
	}
}

// libraryVersion is the version of the official library in this binary.
func libraryVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/awslabs/soci-snapshotter" {
				return module.Version
			}
		}
	}
	return "unknown"
}

// number is the argument at this place, or a default if there are fewer.
func number(arguments []string, at int, otherwise int64) (int64, error) {
	if len(arguments) <= at {
		return otherwise, nil
	}
	return strconv.ParseInt(arguments[at], 10, 64)
}

// failures collects what differs, up to a number that a person would read.
type failures struct {
	count int
}

func (f *failures) add(format string, arguments ...any) {
	f.count++
	if f.count <= 20 {
		fmt.Printf("FAIL "+format+"\n", arguments...)
	}
}

// err is nil if nothing was collected.
func (f *failures) err() error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("%d failures", f.count)
}

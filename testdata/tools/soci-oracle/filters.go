package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"strconv"
)

// compress is Go's gzip, which BuildKit uses, as a filter.
func compress(arguments []string) error {
	level, err := strconv.Atoi(arguments[0])
	if err != nil {
		return err
	}
	writer, err := gzip.NewWriterLevel(os.Stdout, level)
	if err != nil {
		return err
	}
	if _, err := io.Copy(writer, os.Stdin); err != nil {
		return err
	}
	return writer.Close()
}

// repack writes an archive again as BuildKit writes layers: by Go's archive/tar, in PAX format,
// which keeps times to the nanosecond.
func repack([]string) error {
	reader, writer := tar.NewReader(os.Stdin), tar.NewWriter(os.Stdout)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err != nil {
			return err
		}
		header.Format = tar.FormatPAX
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(writer, reader); err != nil {
			return err
		}
	}
}

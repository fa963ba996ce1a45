package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"

	"github.com/awslabs/soci-snapshotter/ztoc/compression"
)

// compressionOf sniffs a layer's compression; the official tool takes it from the media type.
func compressionOf(layer io.ReaderAt) (string, error) {
	magic := make([]byte, 4)
	if _, err := layer.ReadAt(magic, 0); err != nil && err != io.EOF {
		return "", err
	}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		return compression.Gzip, nil
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return compression.Zstd, nil
	}
	return compression.Uncompressed, nil
}

// plainTar reads the layer without any zTOC, for comparison.
func plainTar(layer *io.SectionReader) (*tar.Reader, error) {
	format, err := compressionOf(layer)
	if err != nil {
		return nil, err
	}
	if format != compression.Gzip {
		return tar.NewReader(io.NewSectionReader(layer, 0, layer.Size())), nil
	}
	decompressed, err := gzip.NewReader(io.NewSectionReader(layer, 0, layer.Size()))
	if err != nil {
		return nil, err
	}
	return tar.NewReader(decompressed), nil
}

// openLayer opens a layer for reading at any offset.
func openLayer(path string) (*os.File, *io.SectionReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	status, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, io.NewSectionReader(file, 0, status.Size()), nil
}

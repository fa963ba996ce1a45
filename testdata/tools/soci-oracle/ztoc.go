package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/awslabs/soci-snapshotter/ztoc/compression"
	"github.com/opencontainers/go-digest"
)

const (
	defaultSpanSize  = 1 << 22
	defaultBuildTool = "AWS SOCI CLI v0.2"

	// The layout of the checkpoints of a gzip layer.
	checkpointsHeader = 12
	checkpointWindow  = 32768
	checkpointSize    = 8 + 8 + 1 + checkpointWindow
)

// build writes the official zTOC of a layer.
func build(arguments []string) error {
	layer, out := arguments[0], arguments[1]
	spanSize, err := number(arguments, 2, defaultSpanSize)
	if err != nil {
		return err
	}
	tool := defaultBuildTool
	if len(arguments) > 3 {
		tool = arguments[3]
	}
	file, opened, err := openLayer(layer)
	if err != nil {
		return err
	}
	defer file.Close()
	format, err := compressionOf(opened)
	if err != nil {
		return err
	}
	start := time.Now()
	built, err := ztoc.NewBuilder(tool).BuildZtoc(layer, spanSize, ztoc.WithCompression(format))
	if err != nil {
		return err
	}
	encoded, descriptor, err := ztoc.Marshal(built)
	if err != nil {
		return err
	}
	blob, err := io.ReadAll(encoded)
	if err != nil {
		return err
	}
	took := time.Since(start)
	if err := os.WriteFile(out, blob, 0o644); err != nil {
		return err
	}
	fmt.Printf("%s %d spans=%d entries=%d comp=%d uncomp=%d build=%.3fs\n",
		descriptor.Digest, descriptor.Size, built.MaxSpanID+1, len(built.FileMetadata),
		built.CompressedArchiveSize, built.UncompressedArchiveSize, took.Seconds())
	return nil
}

// load reads a zTOC as the snapshotter does.
func load(path string) (*ztoc.Ztoc, error) {
	blob, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ztoc.Unmarshal(bytes.NewReader(blob))
}

// dump prints what a zTOC says, one line per span and per member.
func dump(arguments []string) error {
	loaded, err := load(arguments[0])
	if err != nil {
		return err
	}
	info, err := loaded.Zinfo()
	if err != nil {
		return err
	}
	defer info.Close()
	blob, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	fmt.Printf("digest=%s size=%d version=%s tool=%q algo=%s comp=%d uncomp=%d maxspan=%d spansize=%d ckptbytes=%d files=%d\n",
		digest.FromBytes(blob), len(blob), loaded.Version, loaded.BuildToolIdentifier, loaded.CompressionAlgorithm,
		loaded.CompressedArchiveSize, loaded.UncompressedArchiveSize, loaded.MaxSpanID, info.SpanSize(),
		len(loaded.Checkpoints), len(loaded.FileMetadata))
	for id := compression.SpanID(0); id <= info.MaxSpanID(); id++ {
		bits, window := checkpointOf(loaded, info, id)
		fmt.Printf("span %d comp=[%d,%d) uncomp=[%d,%d) bits=%d win=%s %s\n", id,
			info.StartCompressedOffset(id), info.EndCompressedOffset(id, loaded.CompressedArchiveSize),
			info.StartUncompressedOffset(id), info.EndUncompressedOffset(id, loaded.UncompressedArchiveSize),
			bits, window, loaded.SpanDigests[id])
	}
	for _, member := range loaded.FileMetadata {
		line, err := json.Marshal(member)
		if err != nil {
			return err
		}
		fmt.Println(string(line))
	}
	return nil
}

// checkpointOf gives the bits and the hash of the window of a gzip span; -1 for other layers.
func checkpointOf(loaded *ztoc.Ztoc, info compression.Zinfo, id compression.SpanID) (bits int, window string) {
	expected := checkpointsHeader + int(info.MaxSpanID()+1)*checkpointSize
	if loaded.CompressionAlgorithm != compression.Gzip || len(loaded.Checkpoints) != expected {
		return -1, ""
	}
	checkpoint := loaded.Checkpoints[checkpointsHeader+int(id)*checkpointSize:][:checkpointSize]
	return int(checkpoint[16]), fmt.Sprintf("%x", sha256.Sum256(checkpoint[17:]))[:16]
}

// checkpoints writes the checkpoint blob as it is.
func checkpoints(arguments []string) error {
	loaded, err := load(arguments[0])
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(loaded.Checkpoints)
	return err
}

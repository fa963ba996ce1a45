package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/awslabs/soci-snapshotter/ztoc"
	"github.com/awslabs/soci-snapshotter/ztoc/compression"
	"github.com/opencontainers/go-digest"
)

// Spans that are kept decompressed: members come in order, so few are needed.
const keptSpans = 8

// A verification compares a layer, read plainly, with the same layer read through its zTOC.
type verification struct {
	failures
	layer *io.SectionReader
	ztoc  *ztoc.Ztoc
	info  compression.Zinfo
	spans map[compression.SpanID][]byte
}

// verify does what the snapshotter does at mount and at first read, for every span and member.
func verify(arguments []string) error {
	file, layer, err := openLayer(arguments[0])
	if err != nil {
		return err
	}
	defer file.Close()
	loaded, err := load(arguments[1])
	if err != nil {
		return err
	}
	info, err := loaded.Zinfo()
	if err != nil {
		return err
	}
	defer info.Close()
	v := &verification{layer: layer, ztoc: loaded, info: info, spans: map[compression.SpanID][]byte{}}
	v.header()
	v.spanDigests()
	members, size, err := v.members()
	if err != nil {
		return err
	}
	fmt.Printf("verify: entries=%d bytes=%d failures=%d\n", members, size, v.count)
	return v.err()
}

func (v *verification) header() {
	if int64(v.ztoc.CompressedArchiveSize) != v.layer.Size() {
		v.add("compressed_archive_size %d, layer has %d", v.ztoc.CompressedArchiveSize, v.layer.Size())
	}
	if v.ztoc.MaxSpanID != v.info.MaxSpanID() || len(v.ztoc.SpanDigests) != int(v.ztoc.MaxSpanID)+1 {
		v.add("max span id %d, of the checkpoints %d, %d digests", v.ztoc.MaxSpanID, v.info.MaxSpanID(), len(v.ztoc.SpanDigests))
	}
	head := make([]byte, v.info.StartCompressedOffset(0))
	if _, err := v.layer.ReadAt(head, 0); err != nil && err != io.EOF {
		v.add("gzip header: %v", err)
	}
	if err := v.info.VerifyHeader(bytes.NewReader(head)); err != nil {
		v.add("gzip header: %v", err)
	}
}

func (v *verification) spanDigests() {
	for id := compression.SpanID(0); id <= v.ztoc.MaxSpanID; id++ {
		start, end := v.compressed(id)
		from, to := v.uncompressed(id)
		if id < v.ztoc.MaxSpanID && (start >= end || from >= to) {
			v.add("span %d is empty or runs backwards: comp=[%d,%d) uncomp=[%d,%d)", id, start, end, from, to)
		}
		if end < start {
			continue
		}
		raw := make([]byte, end-start)
		if _, err := v.layer.ReadAt(raw, int64(start)); err != nil && err != io.EOF {
			v.add("span %d: %v", id, err)
			continue
		}
		if int(id) < len(v.ztoc.SpanDigests) && digest.FromBytes(raw) != v.ztoc.SpanDigests[id] {
			v.add("span %d: digest differs", id)
		}
	}
}

func (v *verification) compressed(id compression.SpanID) (start, end compression.Offset) {
	return v.info.StartCompressedOffset(id), v.info.EndCompressedOffset(id, v.ztoc.CompressedArchiveSize)
}

func (v *verification) uncompressed(id compression.SpanID) (start, end compression.Offset) {
	return v.info.StartUncompressedOffset(id), v.info.EndUncompressedOffset(id, v.ztoc.UncompressedArchiveSize)
}

// members compares every member with what a plain tar reader finds.
func (v *verification) members() (count int, size int64, err error) {
	plain, err := plainTar(v.layer)
	if err != nil {
		return 0, 0, err
	}
	for ; v.count <= 20; count++ {
		header, err := plain.Next()
		if errors.Is(err, io.EOF) {
			if count != len(v.ztoc.FileMetadata) {
				v.add("the zTOC has %d members, the layer %d", len(v.ztoc.FileMetadata), count)
			}
			break
		}
		if err != nil {
			return count, size, fmt.Errorf("plain read of the layer: %w", err)
		}
		if count >= len(v.ztoc.FileMetadata) {
			v.add("the layer has more members than the zTOC (%d)", count)
			break
		}
		member := v.ztoc.FileMetadata[count]
		v.attributes(member)
		if header.Typeflag != tar.TypeReg {
			continue
		}
		want, err := io.ReadAll(plain)
		if err != nil {
			return count, size, fmt.Errorf("plain read of %s: %w", header.Name, err)
		}
		v.content(member, want)
		size += int64(len(want))
	}
	return count, size, nil
}

// attributes does what the snapshotter does at the first read of a file: it reads the tar header
// through the zTOC, and every attribute must agree.
func (v *verification) attributes(member ztoc.FileMetadata) {
	raw := bytes.NewReader(v.read(member.TarHeaderOffset, member.UncompressedOffset))
	header, err := tar.NewReader(raw).Next()
	if err != nil || raw.Len() != 0 {
		v.add("%s: tar header at [%d,%d): %v, %d bytes left", member.Name, member.TarHeaderOffset, member.UncompressedOffset, err, raw.Len())
		return
	}
	// The snapshotter looks at regular files only. Others have no data, whatever their headers say.
	if member.Type != "reg" {
		header.Size = int64(member.UncompressedSize)
	}
	if header.Name != member.Name || header.Size != int64(member.UncompressedSize) ||
		!header.ModTime.Equal(member.ModTime) || header.Linkname != member.Linkname ||
		header.FileInfo().Mode() != member.FileMode() || header.Uid != member.UID || header.Gid != member.GID ||
		header.Devmajor != member.Devmajor || header.Devminor != member.Devminor {
		v.add("%s: attributes differ: layer %+v, zTOC %+v", member.Name, header, member)
		return
	}
	inLayer, inZtoc := ztoc.Xattrs(header.PAXRecords), member.Xattrs()
	same := len(inLayer) == len(inZtoc)
	for key, value := range inLayer {
		same = same && inZtoc[key] == value
	}
	if !same {
		v.add("%s: xattrs differ: layer %v, zTOC %v", member.Name, inLayer, inZtoc)
	}
}

// content goes through the spans, as the snapshotter does; the library's ExtractFile does not.
func (v *verification) content(member ztoc.FileMetadata, want []byte) {
	got := v.read(member.UncompressedOffset, member.UncompressedOffset+member.UncompressedSize)
	if !bytes.Equal(want, got) {
		v.add("%s: content differs (%d bytes, want %d)", member.Name, len(got), len(want))
	}
}

// read gives bytes of the uncompressed layer, through the spans.
func (v *verification) read(from, to compression.Offset) []byte {
	var out []byte
	for from < to {
		id := v.info.UncompressedOffsetToSpanID(from)
		start, end := v.uncompressed(id)
		if from >= end {
			v.add("offset %d is beyond the end %d of the last span", from, end)
			return out
		}
		upTo := min(to, end)
		out = append(out, v.span(id)[from-start:upTo-start]...)
		from = upTo
	}
	return out
}

// span decompresses one span from its checkpoint.
func (v *verification) span(id compression.SpanID) []byte {
	if kept, ok := v.spans[id]; ok {
		return kept
	}
	start, end := v.compressed(id)
	from, to := v.uncompressed(id)
	// The library reads one byte behind a span that begins inside a byte, and what that byte holds
	// can make it fail. A span manager's buffers mostly have a zero there; this one always has.
	raw := make([]byte, end-start, end-start+1)
	if _, err := v.layer.ReadAt(raw, int64(start)); err != nil && err != io.EOF {
		v.add("span %d: %v", id, err)
	}
	data, err := v.info.ExtractDataFromBuffer(raw, to-from, from, id)
	if err != nil || len(data) != int(to-from) {
		v.add("span %d: %d of %d bytes: %v", id, len(data), to-from, err)
		data = make([]byte, to-from)
	}
	if len(v.spans) >= keptSpans {
		clear(v.spans)
	}
	v.spans[id] = data
	return data
}

package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/awslabs/soci-snapshotter/soci"
	"github.com/opencontainers/go-digest"
)

// index checks that a SOCI index survives Go's decoding and encoding byte for byte: the snapshotter
// encodes it again and stores that under the digest that it pulled.
func index(arguments []string) error {
	original, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	var decoded soci.Index
	if err := soci.DecodeIndex(bytes.NewReader(original), &decoded); err != nil {
		return err
	}
	encoded, err := soci.MarshalIndex(&decoded)
	if err != nil {
		return err
	}
	same := bytes.Equal(original, encoded)
	fmt.Printf("digest=%s artifactType=%s blobs=%d subject=%v roundtrip=%v\n",
		digest.FromBytes(original), decoded.ArtifactType, len(decoded.Blobs), decoded.Subject, same)
	if !same {
		return fmt.Errorf("encoded again it differs: %s", encoded)
	}
	return nil
}

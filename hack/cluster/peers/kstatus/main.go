// Judges Kubernetes objects as Flux, kpt and others do, by their own library: reads JSON objects from standard input, one after
// another, and prints for each a line of JSON with status and message.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

// judge prints the verdict on the next object; io.EOF when there is none.
func judge(in *json.Decoder, out *json.Encoder) error {
	var text json.RawMessage
	if err := in.Decode(&text); err != nil {
		return err
	}
	var object unstructured.Unstructured
	if err := object.UnmarshalJSON(text); err != nil {
		return err
	}
	result, err := status.Compute(&object)
	if err != nil {
		return err
	}
	return out.Encode(verdict{Status: result.Status.String(), Message: result.Message})
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	var err error
	for err == nil {
		err = judge(in, out)
	}
	if !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, "kstatus: read or judge an object:", err)
		os.Exit(1)
	}
}

package main

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pharos-obs/pharos/internal/errcode"
)

func TestEnsureCertificate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	files, err := ensureCertificate(dir, "pharos.example.org")
	require.NoError(t, err)

	leaf, err := readCertificate(files.cert)
	require.NoError(t, err)
	ca, err := readCertificate(files.ca)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, name := range []string{"pharos.example.org", "localhost", "127.0.0.1"} {
		_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name})
		require.NoError(t, err, name)
	}
	info, err := os.Stat(files.key)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	shown, err := os.ReadFile(files.cert)
	require.NoError(t, err)
	require.True(t, showsCA(files), "agents get the CA from the connection")
	old, err := readPEM(files.cert)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(files.cert, pem.EncodeToMemory(old), 0o600), "as earlier versions did")
	require.False(t, showsCA(files))

	again, err := ensureCertificate(dir, "pharos.example.org")
	require.NoError(t, err)
	kept, err := readCertificate(again.cert)
	require.NoError(t, err)
	assert.Equal(t, leaf.SerialNumber, kept.SerialNumber, "a good certificate stays")
	repaired, err := os.ReadFile(again.cert)
	require.NoError(t, err)
	assert.Equal(t, shown, repaired)

	_, err = ensureCertificate(dir, "10.1.2.3")
	require.NoError(t, err)
	renewed, err := readCertificate(files.cert)
	require.NoError(t, err)
	assert.NoError(t, renewed.VerifyHostname("10.1.2.3"))
	sameCA, err := readCertificate(files.ca)
	require.NoError(t, err)
	assert.Equal(t, ca.SerialNumber, sameCA.SerialNumber, "agents that know the CA go on")

	print1, err := fingerprint(files.ca)
	require.NoError(t, err)
	assert.Len(t, print1, 64)
}

func TestEnsureCertificateRefusesAForeignOneForAnotherName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	_, err := ensureCertificate(dir, "a.example.org")
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "ca.key")), "as if somebody had brought the certificate")

	_, err = ensureCertificate(dir, "b.example.org")
	assert.Equal(t, errcode.Invalid, errcode.Of(err))
	assert.ErrorContains(t, err, "b.example.org")
}

func TestEnsureCertificateWithABrokenFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "server.crt"), []byte("nonsense"), 0o600))
	_, err := ensureCertificate(dir, "a.example.org")
	require.ErrorContains(t, err, "holds no PEM block")
}

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/pharos-obs/pharos/internal/errcode"
)

// Lifetimes of what ensureCertificate makes.
const (
	caLifetime     = 10 * 365 * 24 * time.Hour
	serverLifetime = 397 * 24 * time.Hour // the most that browsers accept
	renewBefore    = 30 * 24 * time.Hour
)

// certificateFiles are the files of a server certificate and of the CA that signed it.
type certificateFiles struct{ ca, cert, key string }

func certificateFilesIn(dir string) certificateFiles {
	return certificateFiles{
		ca: filepath.Join(dir, "ca.crt"), cert: filepath.Join(dir, "server.crt"), key: filepath.Join(dir, "server.key"),
	}
}

// ensureCertificate returns a certificate for name. It makes a CA and a certificate when there
// is none, and a new certificate when the name has changed or the time is nearly over. Files
// that somebody else put there (without our ca.key) are used as they are.
func ensureCertificate(dir, name string) (certificateFiles, error) {
	files := certificateFilesIn(dir)
	caKeyFile := filepath.Join(dir, "ca.key")
	leaf, err := readCertificate(files.cert)
	switch {
	case err == nil && leaf.VerifyHostname(name) == nil && time.Until(leaf.NotAfter) > renewBefore:
		return files, showCA(files, exists(caKeyFile))
	case err == nil && !exists(caKeyFile):
		if problem := leaf.VerifyHostname(name); problem != nil {
			return files, errcode.InvalidField("--public", fmt.Sprintf("the certificate %s is not for %s: %v", files.cert, name, problem), "give a certificate for that name, or remove it to have one made")
		}
		return files, nil
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return files, err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return files, fmt.Errorf("create the folder for certificates: %w", err)
	}
	ca, caKey, err := ensureCA(files.ca, caKeyFile)
	if err != nil {
		return files, err
	}
	return files, issue(files, name, ca, caKey)
}

// showCA puts our own CA behind a certificate that an earlier version has written without it.
// Agents get the CA from the connection, and know it by its fingerprint.
func showCA(files certificateFiles, ours bool) error {
	if !ours || showsCA(files) {
		return nil
	}
	chain, err := os.ReadFile(files.cert)
	if err != nil {
		return fmt.Errorf("read the certificate: %w", err)
	}
	ca, err := os.ReadFile(files.ca)
	if err != nil {
		return fmt.Errorf("read the CA: %w", err)
	}
	if err := os.WriteFile(files.cert, append(chain, ca...), 0o644); err != nil { //nolint:gosec // a certificate is public
		return fmt.Errorf("write the certificate with its CA: %w", err)
	}
	return nil
}

// showsCA says whether connections show the CA beside the server's certificate.
func showsCA(files certificateFiles) bool {
	ca, err := readPEM(files.ca)
	if err != nil {
		return false
	}
	rest, err := os.ReadFile(files.cert)
	for err == nil {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return false
		}
		if bytes.Equal(block.Bytes, ca.Bytes) {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func ensureCA(certFile, keyFile string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	if ca, err := readCertificate(certFile); err == nil {
		key, err := readKey(keyFile)
		return ca, key, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make the key of the CA: %w", err)
	}
	template, err := certificateTemplate("Pharos CA", caLifetime)
	if err != nil {
		return nil, nil, err
	}
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	if err := writePair(certFile, keyFile, template, template, key, key); err != nil {
		return nil, nil, err
	}
	ca, err := readCertificate(certFile)
	return ca, key, err
}

func issue(files certificateFiles, name string, ca *x509.Certificate, caKey *ecdsa.PrivateKey) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of the server: %w", err)
	}
	template, err := certificateTemplate(name, serverLifetime)
	if err != nil {
		return err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	template.DNSNames = []string{"localhost"}
	template.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else {
		template.DNSNames = append(template.DNSNames, name)
	}
	return writePair(files.cert, files.key, template, ca, key, caKey)
}

func certificateTemplate(name string, lifetime time.Duration) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name, Organization: []string{"Pharos"}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(lifetime),
	}, nil
}

// writePair signs a certificate and writes it, with the one that signed it behind it, and its key,
// the key first and for the owner only.
func writePair(certFile, keyFile string, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return fmt.Errorf("sign the certificate of %s: %w", template.Subject.CommonName, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("write the key of %s: %w", template.Subject.CommonName, err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600); err != nil {
		return fmt.Errorf("write the key of %s: %w", template.Subject.CommonName, err)
	}
	chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if parent != template {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: parent.Raw})...)
	}
	if err := os.WriteFile(certFile, chain, 0o644); err != nil { //nolint:gosec // a certificate is public
		return fmt.Errorf("write the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return nil
}

func readCertificate(path string) (*x509.Certificate, error) {
	block, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read certificate %s: %w", path, err)
	}
	return certificate, nil
}

func readKey(path string) (*ecdsa.PrivateKey, error) {
	block, err := readPEM(path)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", path, err)
	}
	return key, nil
}

func readPEM(path string) (*pem.Block, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errcode.New(errcode.Invalid, "%s holds no PEM block", path)
	}
	return block, nil
}

// fingerprint is the SHA-256 of a certificate in hexadecimal, by which an agent knows a CA.
func fingerprint(path string) (string, error) {
	block, err := readPEM(path)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:]), nil
}

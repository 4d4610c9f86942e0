"""Certificates of an authority that lives as long as a test run."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)


class Certificates:
    """An authority in a folder, with a certificate for the broker and one for a client."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.authority = folder / "authority.pem"
        self.broker = folder / "broker.pem"
        self.client = folder / "client.pem"
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.authority))
        _write(authority.issue_cert("127.0.0.1", "localhost"), self.broker)
        _write(authority.issue_cert("client@driftwatch.test"), self.client)

    def context(self, *, client: bool = False) -> ssl.SSLContext:
        """What a client needs to trust the broker and, with ``client``, to be trusted by it."""
        context = ssl.create_default_context(cafile=self.authority)
        if client:
            context.load_cert_chain(self.client)
        return context


def _write(issued: trustme.LeafCert, path: Path) -> None:
    """Key and chain in one file; Java reads keys of PKCS #8 only, which trustme does not write."""
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    path.touch(0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + chain)

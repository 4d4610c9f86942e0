"""The certificate and the key of the collector, looked at before anything listens."""

from __future__ import annotations

import ssl
from pathlib import Path

from driftwatch.errors import ConfigError

__all__ = ["check_certificate"]


def check_certificate(certificate: Path, key: Path, /) -> None:
    """Check that a certificate and a private key can be read, and belong together.

    Args:
        certificate: PEM file of the certificate, and of those between it and the authority.
        key: PEM file of its private key, which has no password.

    Raises:
        ConfigError: If they cannot be used.
    """
    for what, file in (("certificate", certificate), ("private key", key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise ConfigError(
                f"the TLS {what} {file} cannot be read: {error.strerror or error}", code="DW059"
            ) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_password)
    except ssl.SSLError as error:
        why = error.reason or "they are no PEM"
        raise ConfigError(
            f"the TLS certificate {certificate} and the private key {key} cannot be used together: "
            f"{why.replace('_', ' ').lower()}; both must be PEM files, the certificate first in "
            "its",
            code="DW059",
        ) from error


def _no_password() -> str:
    raise ConfigError(
        "the TLS private key has a password, which nobody can type in: remove it", code="DW059"
    )

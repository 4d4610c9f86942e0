"""``driftwatch serve`` and ``token``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from driftwatch.cli.completion import monitor_names, words
from driftwatch.cli.options import Config, LogFormat, set_up_logs
from driftwatch.cli.output.writing import put, tell
from driftwatch.config.load import load_config
from driftwatch.config.service import ServiceConfig
from driftwatch.errors import ConfigError, MissingDependencyError
from driftwatch.logs import say

__all__ = ["make_token", "run_serve", "serve", "token"]


def serve(
    config: Config = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Let others in without tokens.")
    ] = False,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate (PEM): serve HTTPS.")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Private key of the certificate (PEM).")
    ] = None,
    log_format: LogFormat = "text",
) -> None:
    """Collect the sketches of replicas, evaluate them, and answer questions, over HTTP or HTTPS.

    Who may do what is said by tokens (`driftwatch token`), for all monitors or some of them.
    """
    set_up_logs(log_format)
    run_serve(
        config,
        host=host,
        port=port,
        insecure=insecure,
        tls_cert=tls_cert,
        tls_key=tls_key,
        own_log=log_format == "json",
    )


def token(
    scope: Annotated[
        list[str],
        typer.Option(
            metavar="SCOPE",
            help="ingest, read or admin. Repeatable.",
            autocompletion=words("ingest", "read", "admin"),
        ),
    ],
    name: Annotated[str, typer.Option(help="What logs call it.")] = "default",
    monitor: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Only for this monitor; all otherwise. Repeatable.",
            autocompletion=monitor_names,
        ),
    ] = None,
) -> None:
    """Make a token for the collector; prints it, and the lines its configuration needs."""
    make_token(name, scope, monitor or [])


def run_serve(
    config: Path | None,
    /,
    *,
    host: str | None,
    port: int | None,
    insecure: bool,
    tls_cert: Path | None = None,
    tls_key: Path | None = None,
    own_log: bool = False,
) -> None:
    """Serve until told to stop.

    Args:
        config: The configuration file; looked for if not given.
        host: Address to listen on; the configuration's if not given.
        port: Port to listen on, likewise.
        insecure: Whether others are let in without tokens.
        tls_cert: Certificate to serve HTTPS with; the configuration's if not given.
        tls_key: Its private key, likewise.
        own_log: Whether uvicorn's log goes where the process's own goes, in its form.

    Raises:
        ConfigError: If it is to be reached from elsewhere and there are no tokens, or the
            certificate cannot be used.
        MissingDependencyError: If the libraries of the service are not installed.
    """
    try:
        from driftwatch.service.app import LOOPBACK, create_app, service_tokens
        from driftwatch.service.security.audit import show_audit
        from driftwatch.service.server import let_requests_end, listening_on, server_of
    except ImportError as error:
        raise MissingDependencyError(
            f"serve needs {error.name}; pip install 'driftwatch-sketch[service]'"
        ) from error
    loaded = load_config(config)
    overrides = {"host": host, "port": port}
    service = loaded.service.model_copy(
        update={k: v for k, v in overrides.items() if v is not None}
    )
    tokens = service_tokens(service)
    if not tokens and service.host not in LOOPBACK and not insecure:
        raise ConfigError(
            f"{service.host} can be reached from elsewhere, and there are no tokens: make one with "
            "`driftwatch token`, or stay on 127.0.0.1 (--insecure goes without)",
            code="DW008",
        )
    certificate = _certificate(loaded.folder, service, tls_cert, tls_key)
    try:
        listening = listening_on(service.host, service.port)
    except (OSError, OverflowError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"{service.host}:{service.port} cannot be listened on ({why}); name another --port",
            code="DW008",
        ) from error
    with listening:
        if certificate is not None:
            service = service.model_copy(update={"tls_cert": str(certificate[0])})
        app = create_app(loaded.model_copy(update={"service": service}), tokens=tokens)
        show_audit()
        port_now = listening.getsockname()[1]
        server = server_of(app, certificate=certificate, own_log=own_log)
        scheme = "http" if certificate is None else "https"
        say(
            f"collector of {', '.join(loaded.monitors)} on {scheme}://{service.host}:{port_now} "
            f"({'with' if tokens else 'without'} tokens); stop it with Ctrl-C"
        )
        try:
            server.run(sockets=[listening])
        finally:
            let_requests_end()


def _certificate(
    folder: Path, service: ServiceConfig, cert: Path | None, key: Path | None
) -> tuple[Path, Path] | None:
    """Files of the certificate and its key: those given, or the configuration's."""
    from driftwatch.service.security.encryption import check_certificate

    if cert is None and key is None:
        cert = None if service.tls_cert is None else folder / service.tls_cert
        key = None if service.tls_key is None else folder / service.tls_key
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        missing = "--tls-cert (tls_cert)" if cert is None else "--tls-key (tls_key)"
        raise ConfigError(
            f"HTTPS needs a certificate and its private key: give {missing}, too", code="DW059"
        )
    check_certificate(cert, key)
    return cert, key


def make_token(name: str, scopes: list[str], monitors: list[str], /) -> None:
    """Print a new token, and what the service's configuration needs of it.

    Args:
        name: What logs call it.
        scopes: What it allows.
        monitors: For which monitors; for all without any.

    Raises:
        ConfigError: If a scope is unknown.
    """
    from driftwatch.service.security.tokens import (
        ENVIRONMENT,
        environment_entry,
        hash_of,
        new_token,
        scopes_of,
    )

    known = sorted(scope.value for scope in scopes_of(scopes))
    secret = new_token()
    bound = f"monitors = {_listed(monitors)}\n" if monitors else ""
    put(f"{secret}\n")
    tell(
        "# Give the line above to who calls (DRIFTWATCH_TOKEN); it is not kept anywhere.\n"
        "# The service knows it by its hash, in driftwatch.toml:\n\n"
        "[[service.tokens]]\n"
        f"name = {_quoted(name)}\nscopes = {_listed(known)}\n{bound}"
        f'sha256 = "{hash_of(secret)}"\n\n'
        f"# or by the environment: {ENVIRONMENT}={environment_entry(known, monitors)}:TOKEN\n"
    )


def _listed(texts: list[str]) -> str:
    return "[" + ", ".join(map(_quoted, texts)) + "]"


def _quoted(text: str) -> str:
    """As TOML, whose strings are written as those of JSON."""
    return json.dumps(text, ensure_ascii=False)

"""Runs all checks."""

from __future__ import annotations

from pathlib import Path

import click

from fastware.cli.doctor import browsers, files, installation, logins, proxies, query_tokens, secrets, servers, workers
from fastware.cli.doctor.application import Application
from fastware.cli.doctor.findings import Fact, Finding
from fastware.cli.doctor.user_store import StoreReport
from fastware.cli.stores import open_revocations

_NAME_THE_APPLICATION = "name the application: --app module:attribute"


class Examination:
    """The facts and findings of an installation.

    Attributes:
        facts: what needs no fix.
        findings: what does.
        not_checked: what cannot be known, with the option that tells it.

    """

    def __init__(
        self, *, store: str | None, revocations: Path | str | None, app: str | None, workers: int | None
    ) -> None:
        self.facts: list[Fact] = []
        self.findings: list[Finding] = list(installation.check_engine())
        self.not_checked: dict[str, str] = {}
        if self.findings:
            return  # without an engine, nothing of fastware.auth can be imported
        self.facts += installation.facts()
        self.findings += installation.check_packages()
        self.findings += proxies.check_trusted_proxies()
        application = self._application(app)
        self.findings += secrets.check_secret(application.secrets if application else [])
        if application is None:
            self.not_checked["cookies, CSRF, logins, query tokens, limits of several workers"] = _NAME_THE_APPLICATION
        else:
            self._check_application(application, workers)
        if store is None:
            self.not_checked["users"] = "name the user store: --store"
        else:
            report = StoreReport(store)
            self.facts += report.facts
            self.findings += report.findings
        if revocations is not None:
            self._check_revocations(revocations)

    def _check_revocations(self, revocations: Path | str) -> None:
        try:
            open_revocations(revocations)
        except click.ClickException as error:
            self.findings.append(Finding("revocations", "error", error.message, "Correct --revocations."))
        if isinstance(revocations, Path):
            self.findings += files.check_access(revocations)

    def _application(self, reference: str | None) -> Application | None:
        if reference is None:
            return None
        try:
            return Application(reference)
        except click.ClickException as error:
            self.findings.append(Finding("application", "error", error.message, "Correct --app, or the application."))
            return None

    def _check_application(self, application: Application, number: int | None) -> None:
        files_of_application = list(application.source_files())
        auths = application.auths
        self.findings += browsers.check_cookies(auths, files_of_application)
        self.findings += browsers.check_host_prefix(auths, files_of_application)
        self.findings += browsers.check_csrf(files_of_application)
        self.findings += logins.check_guards(files_of_application)
        self.findings += query_tokens.check_query_tokens(auths, files_of_application)
        self.findings += servers.check_servers(application)
        if number is None:
            self.not_checked["limits of several workers"] = "give their number: --workers or WEB_CONCURRENCY"
        else:
            self.facts.append(Fact("workers", str(number)))
            self.findings += workers.check_limits(number, application)
            self.findings += workers.check_memory(number, application)

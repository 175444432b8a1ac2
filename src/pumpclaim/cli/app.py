"""The app: the commands under their names.

Exit status: 0 nothing at or above --fail-on, 1 something is, 2 the call or the input is unusable.
"""

from __future__ import annotations

from typing import Annotated

import typer

from pumpclaim._version import __version__
from pumpclaim.cli import (
    adopted,
    assess,
    audit,
    check,
    history,
    look_up,
    price,
    published,
    refill,
    serve,
    user,
    utilization,
)  # fmt: skip

HELP = "Hold Medicare claims for implanted infusion pumps against Local Coverage Article A55239."
EPILOG = (
    "Exit status: 0 nothing at or above --fail-on, 1 something is, 2 the call or the input cannot "
    "be used."
)

app = typer.Typer(
    name="pumpclaim",
    help=HELP,
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pumpclaim {__version__}")
        raise typer.Exit


@app.callback()
def _pumpclaim(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    pass


app.command("check")(check.check)
app.command("assess")(assess.assess)
app.command("price")(price.price)
app.command("refill")(refill.refill)
app.command("utilization")(utilization.utilization)
app.command("rule")(look_up.rule)
app.command("serve")(serve.serve)
app.command("audit")(audit.audit)

history_app = typer.Typer(
    help="Claims and records kept between runs, so that today's file is judged against the months before.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
history_app.command("add")(history.add)
history_app.command("show")(history.show)
history_app.command("export")(history.export)
history_app.command("forget")(history.forget)
app.add_typer(history_app, name="history")

user_app = typer.Typer(
    help="Who may sign in to the page.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
user_app.command("add")(user.add)
user_app.command("list")(user.show)
user_app.command("role")(user.role)
user_app.command("password")(user.password)
user_app.command("active")(user.active)
user_app.command("token")(user.token)
user_app.command("remove")(user.remove)
user_app.command("left")(user.left)
user_app.command("give")(user.give)
user_app.command("discard")(user.discard)
app.add_typer(user_app, name="user")

policy_app = typer.Typer(
    help="What the article says, as the program holds it.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
policy_app.command("show")(look_up.policy_show)
policy_app.command("trace")(look_up.policy_trace)
policy_app.command("import")(published.policy_import)
policy_app.command("verify")(published.policy_verify)
policy_app.command("diff")(published.policy_diff)
policy_app.command("adopt")(adopted.policy_adopt)
policy_app.command("review")(adopted.policy_review)
policy_app.command("impact")(adopted.policy_impact)
app.add_typer(policy_app, name="policy")

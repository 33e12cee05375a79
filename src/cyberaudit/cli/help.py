"""Help pages and wrong names in French, on Typer's own classes."""

from typing import Any

from typer._coercion import RuntimeParam
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cyberaudit.errors import UsageError


class _AsTyped(RuntimeParam):
    """Texts stay as typed, for ours to read: Typer would load a whole library of validation to do the same."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        del param, ctx
        return value


def _read_as_typed(command: TyperCommand | TyperGroup, ctx: Any) -> None:
    # `--help` too, which Typer keeps beside `params`.
    for param in command.get_params(ctx):
        if isinstance(param, TyperArgument | TyperOption):
            described = param.type_descriptor
            param._runtime_param = _AsTyped(described.parameter_info, described.annotation)  # noqa: SLF001 - reason above


class FrenchCommand(TyperCommand):
    """A command whose help page is ours."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_as_typed(self, ctx)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from cyberaudit.cli.pages import page, told

        formatter.write(told(page(self, ctx)))


class FrenchGroup(TyperGroup):
    """A group of commands whose help page and wrong names are ours."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_as_typed(self, ctx)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from cyberaudit.cli.pages import page, told

        formatter.write(told(page(self, ctx)))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from cyberaudit.cli.pages import shown_commands
            from cyberaudit.town.suggestion import question

            hint = question(name, shown_commands(self))
            raise UsageError(f"La commande « {name} » n'existe pas{hint} Voir « {ctx.command_path} --help ».")
        return super().resolve_command(ctx, args)

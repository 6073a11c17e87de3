"""What has corscope for others? Where mitmproxy's script is, and what editors read."""

import click

from corscope.mitm.start.launch import LaunchError, script_path
from corscope.rules.schema import schema_text

__all__ = ["path", "schema"]


@click.command()
def path() -> None:
    """Print where the script is: mitmproxy -s "$(corscope path)"."""
    try:
        click.echo(str(script_path()))
    except LaunchError as error:
        raise click.ClickException(str(error)) from error


@click.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors."""
    click.echo(schema_text().rstrip())

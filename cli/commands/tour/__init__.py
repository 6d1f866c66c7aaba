"""Plays a customer's story against the running stack, through its public API only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from rich.console import Console

from cli.commands.tour import (
    booking,
    content,
    figures,
    finding,
    goods,
    loyalty,
    members,
    oversight,
    paying,
    pictures,
    programs,
    reviews,
    together,
)
from cli.commands.tour.people import Step, Story, gather
from cli.hints import completed
from cli.options import DEFAULT_STATE, JsonOption, StateOption
from cli.output import show_json
from cli.stack.state import State

CHAPTERS: tuple[Callable[[Story], Iterator[Step]], ...] = (
    booking.open_shop,
    booking.fill_catalog,
    pictures.show_window,
    booking.find_time,
    booking.search,
    booking.book,
    booking.move,
    paying.pay,
    goods.sell,
    goods.shop,
    finding.find,
    loyalty.reward,
    members.offer,
    members.join,
    reviews.review,
    together.wait,
    together.repeat,
    together.teach,
    booking.finish,
    booking.serve,
    paying.earn,
    figures.count,
    oversight.oversee,
    content.shape,
    programs.connect,
    booking.hear,
)


def tour(state: StateOption = DEFAULT_STATE, as_json: JsonOption = False) -> None:
    """Play a customer's story against the running stack, step by step."""
    endpoints = State(state).require_running()
    console = Console(stderr=True)
    steps: list[Step] = []
    for number, played in enumerate(play(gather(endpoints)), start=1):
        step = replace(played, outcome=completed(played.outcome))
        steps.append(step)
        if not as_json:
            console.print(f"[green]✓[/] {number:>2}  [bold]{step.who}[/] {step.did}")
            console.print(f"       {step.outcome}", style="dim", markup=False)
    if as_json:
        show_json([step.__dict__ for step in steps])
    else:
        console.print(f"The whole story, {len(steps)} steps, through {endpoints.rest_url}.")


def play(story: Story) -> Iterator[Step]:
    """Play the story, chapter by chapter.

    Raises:
        Refusal: a step did not go as it should.
    """
    for chapter in CHAPTERS:
        yield from chapter(story)

"""The collector of pgTAP files: what fails in SQL fails in pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.database import Database
from tests.harness.pgtap import SqlFile, run_file


def file(folder: Path, *statements: str) -> Path:
    path = folder / "story.test.sql"
    path.write_text("begin;\nselect plan(2);\n" + "\n".join(statements) + "\nrollback;\n")
    return path


def test_each_assertion_is_reported(db: Database, tmp_path: Path) -> None:
    run = run_file(
        file(tmp_path, "select ok(true, 'one holds');", "select is(1, 2, 'two does not');"), db.dsn
    )
    assert [(result.holds, result.sentence) for result in run.results.values()] == [
        (True, "one holds"),
        (False, "two does not"),
    ]
    assert any("want: 2" in line for line in run.results[2].diagnostics)
    assert run.failure == ""


def test_a_file_that_breaks_off_says_why(db: Database, tmp_path: Path) -> None:
    run = run_file(file(tmp_path, "select ok(true, 'one');", "select 1 / 0;"), db.dsn)
    assert list(run.results) == [1]
    assert "division by zero" in run.failure


def test_the_helpers_speak_as_someone(db: Database, tmp_path: Path) -> None:
    run = run_file(
        file(
            tmp_path,
            "select tests.person('ada');",
            "select tests.business('Salon', owned_by => 'ada');",
            "select tests.service('cut', offered_by => 'Salon');",
            "select tests.resource('chair', belongs_to => 'Salon');",
            "select tests.takes('cut', 'chair');",
            "select tests.hours('Salon'), tests.at('2031-01-01 10:00Z');",
            "select tests.act_as('ada');",
            "select is(auth.uid(), tests.id('ada'), 'ada speaks');",
            "select tests.act_as_anon();",
            "select tests.act_as_owner();",
            "select is(private.now(), '2031-01-01 10:00Z'::timestamptz, 'at noon');",
        ),
        db.dsn,
    )
    assert (run.failure, [result.holds for result in run.results.values()]) == ("", [True, True])


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["select ok(true, 'one');", "select ok(false, 'the second');"], "the second"),
        (["select ok(true, 'one');"], "Assertion 2 did not run"),
        (["select ok(true);"] * 3, "3 assertions ran, 2 are planned"),
        (["select ok(true);"] * 2 + ["select nothing;"], "does not exist"),
    ],
    ids=["a failing one", "one too few", "one too many", "an error at the end"],
)
def test_pytest_fails_with(
    statements: list[str], said: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    collector = file(tmp_path, *statements)
    story = SqlFile.from_parent(request.session, path=collector)
    last = list(story.collect())[-1]
    with pytest.raises(Exception, match=said):
        last.runtest()


def test_a_file_needs_a_fixed_plan(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "open.test.sql"
    path.write_text("select * from no_plan();\n")
    with pytest.raises(SqlFile.CollectError, match="no fixed plan"):
        list(SqlFile.from_parent(request.session, path=path).collect())

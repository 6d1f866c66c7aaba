"""The collector of pgTAP files: what fails in SQL fails in pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.database import Database
from tests.harness.pgtap import AssertionFailed, SqlFile, run_file
from tests.harness.pgtap_file import Source
from tests.harness.session import DatabaseSession


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
        (
            ["select ok(true, 'one');", "select ok(true, 'two') where false;"],
            "Assertion 2 did not run",
        ),
        (
            ["select ok(true, 'one');", "select ok(true, 'two') from generate_series(1, 2);"],
            "3 assertions ran, 2 are planned",
        ),
        (
            ["select ok(true, 'one');", "select ok(true, 'two');", "select nothing;"],
            "does not exist",
        ),
        (
            [
                "create function tests.holds(a text, b text) returns text",
                "language sql as $$ select ok(true, a) $$;",
                "select tests.holds('one', 'two');",
                "select ok(true, 'three');",
            ],
            "Assertion 1 is named 'two' and says 'one'",
        ),
    ],
    ids=["a failing one", "one too few", "one too many", "an error at the end", "another sentence"],
)
def test_pytest_fails_with(
    statements: list[str], said: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    collector = file(tmp_path, *statements)
    story = SqlFile.from_parent(request.session, path=collector)
    *_, last = story.collect()
    with pytest.raises(AssertionFailed, match=said):
        last.runtest()


def test_assertions_are_named_by_their_sentences(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = file(
        tmp_path,
        "/* ok('no') */ select ok(true, $$ select is('not', 'this') $$ <> '', 'it''s -- one');",
        "select tests.at('2031-01-01Z');",
        "select is((select 'a'), 'a', 'it''s -- one');",
    )
    story = SqlFile.from_parent(request.session, path=path)
    assert [item.name for item in story.collect()] == ["it's -- one", "it's -- one (2)"]


@pytest.mark.parametrize("sentence", ["'a' || 'b'", "null", "current_user"])
def test_a_sentence_that_cannot_be_read_is_refused(
    sentence: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = file(tmp_path, "select ok(true, 'one');", f"select ok(true, {sentence});")
    with pytest.raises(SqlFile.CollectError, match="plans 2 assertions and has 1 sentences"):
        list(SqlFile.from_parent(request.session, path=path).collect())


@pytest.mark.parametrize(
    ("text", "rolls_back"),
    [
        ("begin; create table a (); alter table a add b text; rollback;", True),
        ("begin; select 'commit;', $$ commit; $$; -- commit;\n rollback;", True),
        ("begin; savepoint before; rollback to before; rollback;", True),
        ("begin; create function a() begin atomic select 1; end; rollback;", True),
        ("begin; select 1; commit; begin; rollback;", False),
        ("begin; rollback; begin; rollback;", False),
        ("create table a (); begin; rollback;", False),
        ("begin; rollback; alter table a add b text;", False),
        ("select 1;", False),
    ],
)
def test_a_file_that_is_one_transaction_and_rolls_it_back_shares_a_clone(
    text: str, *, rolls_back: bool
) -> None:
    assert Source(text).rolls_back is rolls_back


def test_a_shared_clone_that_was_changed_is_noticed_and_given_up(
    databases: DatabaseSession, tmp_path: Path
) -> None:
    with databases.shared_clone() as first:
        first.connection.execute("begin; create table public.undone (); rollback")
    with (
        pytest.raises(AssertionError, match="1 transactions were committed"),
        databases.shared_clone() as again,
    ):
        assert again.dsn == first.dsn
        again.connection.execute("create table public.kept ()")
    with databases.shared_clone() as fresh:
        assert fresh.rows("select to_regclass('public.kept')") == [(None,)]


def test_a_file_needs_a_fixed_plan(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    path = tmp_path / "open.test.sql"
    path.write_text("select * from no_plan();\n")
    with pytest.raises(SqlFile.CollectError, match="no fixed plan"):
        list(SqlFile.from_parent(request.session, path=path).collect())

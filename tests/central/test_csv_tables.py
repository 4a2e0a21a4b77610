"""Staff, matters and windows go out as CSV and come in again, or not at all."""

from collections.abc import Callable
from pathlib import Path

import pytest
from central_rig import MATTER, RunningCentral

from central import access, csv_tables, roll, schema
from central.csv_tables import Sheet
from central.errors import Mistakes
from central.roll import Change
from protocol import credentials

HALL = "210100-01"
Bring = Callable[..., Change]


@pytest.fixture
def bring(own_central: RunningCentral, tmp_path: Path) -> Bring:
    """Imports a CSV text as the command does."""

    def bring(table: str, text: str, *, replace: bool = False) -> Change:
        kind = roll.KINDS[table]
        sheet = read(tmp_path, table, text)
        with own_central.database.writing() as connection:
            held = roll.entries(connection, kind, HALL)
            csv_tables.plan(connection, sheet, HALL, replace=replace)
            secrets = csv_tables.make_secrets(sheet, HALL, held, lambda done, every: None)
            plan = csv_tables.plan(connection, sheet, HALL, secrets, replace=replace)
            roll.write(connection, kind, HALL, plan.wanted, plan.change)
        return plan.change

    return bring


def read(folder: Path, table: str, text: str) -> Sheet:
    file = folder / "t.csv"
    file.write_text(text, "utf-8", newline="")
    return csv_tables.read(file, roll.KINDS[table])


def export(place: RunningCentral, table: str, *, chinese: bool = False) -> str:
    with place.database.reading() as connection:
        content = csv_tables.export(connection, roll.KINDS[table], HALL, chinese=chinese)
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def member(place: RunningCentral, number: str) -> roll.Entry:
    with place.database.reading() as connection:
        return access.member(connection, HALL, number)


def refused(bring: Bring, table: str, text: str, *, replace: bool = False) -> list[str]:
    with pytest.raises(Mistakes) as caught:
        bring(table, text, replace=replace)
    return [one.partition("t.csv")[2].lstrip(": ") for one in caught.value.mistakes]


@pytest.mark.parametrize("table", ["staff", "matters", "windows"])
@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize("replace", [False, True])
def test_what_was_exported_changes_nothing(
    central: RunningCentral, tmp_path: Path, table: str, chinese: bool, replace: bool
) -> None:
    text = export(central, table, chinese=chinese)
    sheet = read(tmp_path, table, text)
    with central.database.reading() as connection:
        plan = csv_tables.plan(connection, sheet, HALL, replace=replace)
    assert (bool(plan.change), plan.change.unchanged > 0) == (False, True)


def test_rows_are_added_and_changed_and_the_rest_stays(
    own_central: RunningCentral, bring: Bring
) -> None:
    change = bring("staff", "姓名,工号\n王方,1001\n赵一,0007\n")
    assert (change.added, change.changed, change.removed) == (("0007",), ("1001",), ())
    assert member(own_central, "1001")["department"] == "审批局"
    assert export(own_central, "staff") == (
        "number,name,post,department\n'0007,赵一,,\n1001,王方,综合受理,审批局\n"
        "1002,李\U00030edd,综合受理,审批局\n"
    )


def test_replacing_removes_what_is_not_in_the_file(
    own_central: RunningCentral, bring: Bring
) -> None:
    change = bring("staff", "number,name\n1001,王芳\n", replace=True)
    assert (change.removed, change.unchanged) == (("1002",), 1)
    with pytest.raises(LookupError, match="has no staff member 1002"):
        member(own_central, "1002")


def test_a_pin_and_a_badge_come_in_and_never_go_out(
    own_central: RunningCentral, bring: Bring
) -> None:
    text = "工号,密码,工牌\n1001,135790,ab 12345678\n1002,,\n"
    assert bring("staff", text).changed == ("1001",)
    held = member(own_central, "1001")
    assert credentials.pin_matches("135790", held["pin_verifier"])
    assert held["badge"] == credentials.card_hash("AB12345678", HALL)
    assert not bring("staff", text)
    assert not bring("staff", "number,pin\n1001,\n")
    exported = export(own_central, "staff")
    for secret in ("135790", "12345678", "argon2id", held["badge"]):
        assert secret not in exported
    assert bring("staff", text.replace("135790", "135791")).changed == ("1001",)
    assert not credentials.pin_matches("135790", member(own_central, "1001")["pin_verifier"])


def test_initials_follow_the_name_unless_given_by_hand(
    own_central: RunningCentral, bring: Bring
) -> None:
    def initials() -> str:
        return str(own_central.rows(schema.matter)[0].initials)

    bring("matters", f"code,name\n'{MATTER},社会保障卡补领\n")
    assert initials() == "shbzkbl"
    bring("matters", f"code,initials\n{MATTER},sbk\n")
    assert initials() == "sbk"
    assert not bring("matters", export(own_central, "matters"))
    bring("matters", f"code,initials\n{MATTER},\n")
    assert initials() == "shbzkbl"


@pytest.mark.parametrize("between", [" ", "、", "; ", "\n"])
def test_a_short_list_is_written_as_people_do(
    own_central: RunningCentral, bring: Bring, between: str
) -> None:
    other = MATTER[:-1] + "2"
    bring("matters", f"code,name\n{other},医保\n")
    bring("windows", f'窗口编码,常用事项\nW13,"{other}{between}{MATTER}"\n')
    with own_central.database.reading() as connection:
        window = roll.entry(connection, roll.WINDOWS, HALL, "W13")
    assert window is not None
    assert (window["number"], window["matters"]) == ("13", (other, MATTER))


def test_every_mistake_is_told_by_its_line_and_nothing_is_imported(
    own_central: RunningCentral, bring: Bring
) -> None:
    text = (
        "工号,姓名,岗位,密码,工牌\n"
        "0007,赵一,,271828,AB12345678\n"
        "0008,,,12345,AB1\n"
        "0007,钱二,,,\n"
        ",孙三,,,,多\n"
        '0009,"李\x07四",,,\n'
    )
    assert refused(bring, "staff", text) == [
        "3: 密码: expected six digits; format the column as text to keep its zeros",
        "3: 工牌: expected 6 to 128 characters",
        "3: 姓名: expected a name",
        "4: 工号: '0007' is given twice, first in line 2",
        "5: 工号: missing",
        "5: more cells than headings",
        "6: 姓名: expected one line without control characters",
    ]
    assert len(own_central.rows(schema.staff_member)) == 2


def test_mistakes_that_need_other_tables_are_told_too(bring: Bring) -> None:
    text = f"code,number,assigned_staff,matters\nW12,13,7777,{MATTER}1\nW14,14,,\n"
    assert refused(bring, "windows", text) == [
        "2: number: '13' is given twice",
        "2: assigned_staff: there is no staff member with number '7777'",
        f"2: matters: there is no matter with code '{MATTER}1'",
    ]
    assert refused(bring, "staff", "number,name\n1002,x\n", replace=True) == [
        "window W12: assigned_staff: there is no staff member with number '1001'"
    ]


def test_two_staff_cannot_have_one_badge(bring: Bring) -> None:
    bring("staff", "number,badge\n1001,AB12345678\n")
    assert refused(bring, "staff", "number,badge\n1002,ab12345678\n") == [
        "2: badge: this badge is staff member 1001's too"
    ]


def test_a_code_that_a_spreadsheet_shortened_is_recognised(bring: Bring) -> None:
    (said,) = refused(bring, "matters", "code,name\n1.12101E+30,x\n")
    assert said == (
        "2: code: expected 31 or 33 letters and digits; a spreadsheet has shortened it, "
        "format the column as text"
    )


def test_a_staff_number_that_lost_its_zeros_is_recognised(bring: Bring) -> None:
    bring("staff", "number,name\n0317,王晓燕\n")
    (said,) = refused(bring, "staff", "number,name\n317,王晓燕\n")
    assert said == (
        "2: number: there is a staff member 0317; a spreadsheet has taken the zeros away, "
        "format the column as text"
    )


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("", "empty; expected a row of headings: number (工号)"),
        ("name\n", "1: no column number (工号)"),
        ("number,nmae\n", "1: nmae: unknown column; did you mean 'name'?"),
        ("number,备注\n", "1: 备注: unknown column; known: number (工号)"),
        ("number,工号\n", "1: 工号: this column is given twice"),
        ("number,card\n", "1: card: unknown column"),
    ],
)
def test_headings_are_known_ones(tmp_path: Path, heading: str, expected: str) -> None:
    with pytest.raises(Mistakes) as caught:
        read(tmp_path, "staff", heading)
    assert expected in str(caught.value)

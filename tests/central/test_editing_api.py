"""Editors change a hall by the API: all mistakes at once, and nobody undoes another's work."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from central_rig import MATTER, Device, RunningCentral, problem_code
from PIL import Image

from central import schema
from central.readers import make_reader
from central.service import now_ms
from protocol import configuration, credentials

HALL = "/v1/halls/210100-01"
Call = Callable[..., requests.Response]


def caller(place: RunningCentral, key: str) -> Call:
    """Calls as whoever has ``key``."""

    def call(
        method: str, path: str, said: Any = None, *, etag: str = "", **headers: str
    ) -> requests.Response:
        sent = {"Authorization": f"Bearer {key}", **headers}
        if etag:
            sent["If-Match"] = etag
        return requests.request(method, place.url + path, json=said, headers=sent, timeout=20)

    return call


def editor_of(place: RunningCentral) -> Call:
    with place.database.writing() as connection:
        key = make_reader(connection, "personnel", now_ms(), "editor")
    return caller(place, key)


@pytest.fixture
def edit(own_central: RunningCentral) -> Call:
    return editor_of(own_central)


def mistakes(answer: requests.Response) -> list[str]:
    assert (answer.status_code, problem_code(answer)) == (400, "invalid")
    found: list[str] = answer.json()["mistakes"]
    return found


def told(device: Device) -> configuration.Configuration:
    answer = device.call("GET", "/v1/configuration")
    return configuration.verify(answer.content, device.place.central.key.public)


def revision(place: RunningCentral) -> int:
    return int(place.rows(schema.hall)[0].revision)


def test_a_staff_member_comes_changes_and_goes(own_central: RunningCentral, edit: Call) -> None:
    device = Device(own_central).enrol()
    path = f"{HALL}/staff/0317"
    said = {"name": "王晓燕", "post": "综合窗口", "department": "不动产"}
    made = edit("PUT", path, said)
    assert made.status_code == 201
    assert made.json() == {
        "number": "0317",
        **said,
        "pin": False,
        "badge": False,
        "card": False,
        "photo": "",
    }
    assert device.beat().configuration == 2
    changed = edit("PUT", path, {**made.json(), "post": "预审"}, etag=made.headers["ETag"])
    assert (changed.status_code, changed.json()["post"]) == (200, "预审")
    assert [one.post for one in told(device).staff if one.number == "0317"] == ["预审"]
    assert edit("GET", path).headers["ETag"] == changed.headers["ETag"]
    assert edit("DELETE", path, etag=changed.headers["ETag"]).status_code == 204
    gone = edit("GET", path)
    assert (gone.status_code, problem_code(gone)) == (404, "not-found")
    assert len(told(device).staff) == 2


def test_nobody_undoes_what_somebody_else_has_done_since(edit: Call) -> None:
    path = f"{HALL}/staff/1002"
    said = {"name": "李四", "post": "", "department": ""}
    first = edit("GET", path).headers["ETag"]
    unconditional = edit("PUT", path, said)
    assert (unconditional.status_code, problem_code(unconditional)) == (428, "unconditional")
    assert edit("PUT", path, said, etag=first).status_code == 200
    late = edit("PUT", path, {**said, "name": "李五"}, etag=first)
    assert (late.status_code, problem_code(late)) == (412, "changed")
    assert edit("DELETE", path, etag=first).status_code == 412
    assert edit("GET", path).json()["name"] == "李四"
    assert edit("PUT", path, {**said, "name": "李五"}, etag="*").status_code == 200
    twice = edit("PUT", path, said, **{"If-None-Match": "*", "If-Match": "*"})
    assert (twice.status_code, problem_code(twice)) == (412, "exists")
    assert edit("PUT", f"{HALL}/staff/0001", said, etag='"x"').status_code == 412


def test_of_two_who_change_it_at_once_one_is_told(edit: Call) -> None:
    path = f"{HALL}/staff/1002"
    etag = edit("GET", path).headers["ETag"]
    said = [{"name": f"李{number}", "post": "", "department": ""} for number in range(6)]
    with ThreadPoolExecutor(len(said)) as editors:
        answers = list(editors.map(lambda one: edit("PUT", path, one, etag=etag), said))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    (kept,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert edit("GET", path).json() == kept


def test_a_change_to_the_same_is_none(own_central: RunningCentral, edit: Call) -> None:
    before = revision(own_central)
    for table, key in (("staff", "1001"), ("matters", MATTER), ("windows", "W12")):
        path = f"{HALL}/{table}/{key}"
        held = edit("GET", path)
        same = edit("PUT", path, held.json(), etag=held.headers["ETag"])
        assert (same.status_code, same.json()) == (200, held.json())
    assert revision(own_central) == before
    assert own_central.rows(schema.edit) == []


def test_every_mistake_comes_in_a_list(edit: Call) -> None:
    said = {"nmae": "x", "name": " ", "post": 3, "number": "9", "pin": True, "pin_verifier": "$"}
    assert mistakes(edit("PUT", f"{HALL}/staff/0008", said)) == [
        "number: expected '0008', as in the address, or nothing",
        "pin: expected as it is or nothing; it has an address of its own",
        "pin_verifier: expected nothing; a PIN has an address of its own",
        "nmae: unknown key; did you mean 'name'?",
        "post: expected str, got int",
        "department: missing",
        "name: expected a name",
    ]
    window = {"number": "13", "assigned_staff": "9", "matters": [MATTER, MATTER, "x"]}
    assert mistakes(edit("PUT", f"{HALL}/windows/W14", window)) == [
        "number: '13' is given twice",
        "assigned_staff: there is no staff member with number '9'",
        f"matters: '{MATTER}' is given twice",
        "matters: there is no matter with code 'x'",
    ]
    assert mistakes(edit("PUT", f"{HALL}/matters/12", {"name": "x"})) == [
        "code: expected 31 or 33 letters and digits, not 2 characters"
    ]


def test_a_matter_gets_its_initials(edit: Call) -> None:
    path = f"{HALL}/matters/{MATTER[:-1]}9"
    assert edit("PUT", path, {"name": "医保缴费"}).json()["initials"] == "ybjf"


def test_a_window_gets_its_short_list(own_central: RunningCentral, edit: Call) -> None:
    device = Device(own_central).enrol()
    said = {"number": "12", "assigned_staff": "", "matters": [MATTER]}
    assert edit("PUT", f"{HALL}/windows/W12", said, etag="*").status_code == 200
    assert told(device).window == configuration.Window("W12", "12", "", (MATTER,))


def test_what_is_needed_stays(own_central: RunningCentral, edit: Call) -> None:
    device = Device(own_central, window="W13").enrol()
    edit("PUT", f"{HALL}/windows/W13", {"number": "13", "matters": [MATTER]}, etag="*")
    for path, why in (
        ("staff/1001", "1001 is assigned to window W12"),
        (f"matters/{MATTER}", "window W13 has it on its short list"),
        ("windows/W13", f"device {device.name} stands there"),
    ):
        refused = edit("DELETE", f"{HALL}/{path}", etag="*")
        assert (refused.status_code, problem_code(refused)) == (409, "in-use")
        assert why in refused.json()["detail"]
    assert edit("DELETE", f"{HALL}/windows/W12", etag="*").status_code == 204


def test_a_window_of_another_hall_is_not_taken_over(
    own_central: RunningCentral, edit: Call
) -> None:
    with own_central.database.writing() as connection:
        row = dict(own_central.rows(schema.hall)[0]._mapping)
        connection.execute(schema.hall.insert().values({**row, "code": "other"}))
    said = {"number": "1"}
    assert mistakes(edit("PUT", "/v1/halls/other/windows/W12", said)) == [
        "code: this window belongs to hall 210100-01; a code is given once in all halls"
    ]


def test_entries_are_listed_page_by_page(edit: Call) -> None:
    for number in ("0001", "0002", "0003"):
        edit("PUT", f"{HALL}/staff/{number}", {"name": "x", "post": "", "department": ""})
    seen: list[str] = []
    after = ""
    while after is not None:
        page = edit("GET", f"{HALL}/staff?limit=2&after={after}").json()
        seen += [one["number"] for one in page["staff"]]
        after = page["next"]
    assert seen == ["0001", "0002", "0003", "1001", "1002"]
    unknown = edit("GET", f"{HALL}/staff?limti=2")
    assert (unknown.status_code, "known: after, limit" in unknown.text) == (400, True)


def test_a_pin_a_badge_and_a_photo_are_given_and_never_shown(
    own_central: RunningCentral, edit: Call
) -> None:
    device = Device(own_central).enrol()
    path = f"{HALL}/staff/1001"
    out = io.BytesIO()
    Image.new("RGB", (500, 600), "teal").save(out, "PNG")
    assert edit("PUT", f"{path}/pin", {"pin": "135790"}).status_code == 204
    assert edit("PUT", f"{path}/badge", {"badge": "ab12345678"}).status_code == 204
    key = edit("GET", path).request.headers["Authorization"]
    headers = {"Authorization": key, "Content-Type": "image/png"}
    sent = requests.put(
        f"{own_central.url}{path}/photo", data=out.getvalue(), headers=headers, timeout=20
    )
    assert sent.status_code == 204
    held = edit("GET", path)
    assert (held.json()["pin"], held.json()["badge"], held.json()["card"]) == (True, True, False)
    member = told(device).staff[0]
    assert credentials.pin_matches("135790", member.pin_verifier)
    assert member.badge == credentials.card_hash("AB12345678", "210100-01")
    assert device.call("GET", f"/v1/photos/{member.photo}").status_code == 200
    for secret in ("135790", "12345678", "argon2id", member.badge):
        assert secret not in held.text
        assert all(secret not in row.what for row in own_central.rows(schema.edit))
    changed = {"name": "王方", "post": "", "department": ""}
    assert edit("PUT", path, changed, etag="*").json()["pin"] is True
    for name in ("pin", "badge", "card", "photo"):
        assert edit("DELETE", f"{path}/{name}").status_code == 204
    member = told(device).staff[0]
    assert (member.pin_verifier, member.badge, member.card, member.photo) == ("", "", "", "")


def test_a_pin_or_badge_that_cannot_be_is_refused(edit: Call) -> None:
    path = f"{HALL}/staff/1001"
    assert mistakes(edit("PUT", f"{path}/pin", {"pin": "12345"})) == ["pin: expected six digits"]
    assert mistakes(edit("PUT", f"{path}/pin", {"pin": "123456"})) == [
        "pin: expected one that is not among the first anybody tries"
    ]
    assert mistakes(edit("PUT", f"{path}/badge", {"badge": "x"})) == [
        "badge: expected 6 to 128 characters"
    ]
    edit("PUT", f"{path}/badge", {"badge": "AB12345678"})
    taken = edit("PUT", f"{HALL}/staff/1002/badge", {"badge": "AB12345678"})
    assert mistakes(taken) == ["badge: this badge is staff member 1001's"]
    nobody = edit("PUT", f"{HALL}/staff/9999/pin", {"pin": "271828"})
    assert (nobody.status_code, problem_code(nobody)) == (404, "not-found")
    for name, said in (("pin", {"pni": "123456"}), ("badge", ["x"])):
        assert problem_code(edit("PUT", f"{path}/{name}", said)) == "malformed"
    assert edit("PUT", f"{path}/photo", {"photo": "x"}).status_code == 415


def test_a_hall_says_something_else(own_central: RunningCentral, edit: Call) -> None:
    device = Device(own_central).enrol()
    for part, said in (
        ("notices", ["今天停电"]),
        ("texts", {"zh-CN": {"greet": "请坐"}}),
        ("rules", {"pack": "bozhou", "login_tries": 3}),
        ("hours", {"opens": "09:00", "closes": "17:30"}),
    ):
        path = f"{HALL}/{part}"
        held = edit("GET", path)
        assert edit("PUT", path, said).status_code == 428
        changed = edit("PUT", path, said, etag=held.headers["ETag"])
        assert changed.status_code == 200, changed.text
        assert edit("GET", path).json() == changed.json()
        assert (
            edit("PUT", path, changed.json(), etag="*").headers["ETag"] == changed.headers["ETag"]
        )
        assert edit("PUT", path, said, etag=held.headers["ETag"]).status_code == 412
    content = told(device)
    assert content.notices == ("今天停电",)
    assert content.texts == {"zh-CN": {"greet": "请坐"}}
    assert (content.rules.pack, content.rules.rate_unfinished) == ("bozhou", True)
    assert (content.rules.login_tries, content.hours.closes) == (3, "17:30")
    assert len(own_central.rows(schema.edit)) == 4


def test_a_hall_cannot_say_anything_it_likes(edit: Call) -> None:
    def wrong(part: str, said: Any) -> list[str]:
        return mistakes(edit("PUT", f"{HALL}/{part}", said, etag="*"))

    assert wrong("rules", {"pack": "x", "login_tries": 0, "switched_off_tags": [510]}) == [
        "login_tries: expected int >= 1",
        "pack: there is no pack 'x'; known: bozhou, guangdong, liaoning, zhejiang",
        "switched_off_tags: 510 is of the base set and stays on",
    ]
    assert wrong("hours", {"opens": "9:00", "closes": "25:00"}) == [
        "opens: expected HH:MM",
        "closes: expected HH:MM",
    ]
    assert wrong("texts", {"en": {"q.staff": "x"}, "zh-CN": 3})[0].startswith("en.q.staff: unknown")
    assert wrong("notices", [3]) == ["notices: expected a list of texts of at most 1000 characters"]
    for part, said in (("notices", {}), ("rules", []), ("hours", "x")):
        assert problem_code(edit("PUT", f"{HALL}/{part}", said, etag="*")) == "malformed"


def test_readers_may_look_and_not_edit(central: RunningCentral) -> None:
    read = caller(central, central.reader)
    assert read("GET", "/v1/halls").json()["halls"][0]["name"] == "沈阳市政务服务中心"
    assert read("GET", f"{HALL}/staff/1001").status_code == 200
    for method, path, said in (
        ("PUT", f"{HALL}/staff/1001", {"name": "x", "post": "", "department": ""}),
        ("DELETE", f"{HALL}/staff/1001", None),
        ("PUT", f"{HALL}/staff/1001/pin", {"pin": "271828"}),
        ("DELETE", f"{HALL}/staff/1001/pin", None),
        ("PUT", f"{HALL}/notices", []),
    ):
        refused = read(method, path, said, etag="*")
        assert (refused.status_code, problem_code(refused)) == (403, "not-allowed")


def test_editors_do_not_read_ratings(central: RunningCentral) -> None:
    edit = editor_of(central)
    for path in ("/v1/ratings", "/v1/counts?by=staff", "/v1/devices", "/v1/refusals"):
        refused = edit("GET", path)
        assert (refused.status_code, problem_code(refused)) == (403, "not-allowed")


def test_nobody_edits_without_a_key(central: RunningCentral) -> None:
    call = caller(central, "hcr_wrong")
    for method, path in (("GET", f"{HALL}/staff"), ("PUT", f"{HALL}/staff/1/pin")):
        refused = call(method, path, {} if method == "PUT" else None)
        assert (refused.status_code, problem_code(refused)) == (401, "reader-unknown")


def test_a_hall_or_an_entry_that_is_not_there_is_said(central: RunningCentral) -> None:
    edit = editor_of(central)
    for method, path, said in (
        ("GET", "/v1/halls/nowhere/staff", None),
        ("GET", "/v1/halls/nowhere/rules", None),
        ("PUT", "/v1/halls/nowhere/matters/x", {"name": "x"}),
        ("PUT", "/v1/halls/nowhere/hours", {}),
        ("DELETE", f"{HALL}/staff/nobody", None),
    ):
        refused = edit(method, path, said, etag="*")
        assert (refused.status_code, problem_code(refused)) == (404, "not-found"), path


def test_who_changed_what_is_kept(own_central: RunningCentral, edit: Call) -> None:
    edit("PUT", f"{HALL}/staff/0317", {"name": "x", "post": "", "department": ""})
    edit("PUT", f"{HALL}/staff/0317/pin", {"pin": "271828"})
    edit("DELETE", f"{HALL}/staff/0317", etag="*")
    rows = own_central.rows(schema.edit)
    assert [(row.hall, row.editor, row.what) for row in rows] == [
        ("210100-01", "personnel", "staff: 1 added (0317)"),
        ("210100-01", "personnel", "staff 0317: PIN given"),
        ("210100-01", "personnel", "staff: 1 removed (0317)"),
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/halls/%00/staff",
        f"{HALL}/staff/%00",
        f"{HALL}/staff?after=%00",
        "/v1/halls/%00/rules",
        f"{HALL}/staff/{'9' * 3000}",
    ],
)
def test_an_address_that_no_database_can_hold_is_refused(edit: Call, path: str) -> None:
    answer = edit("GET", path)
    assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize("what", ["pin", "badge", "card", "photo"])
def test_so_is_one_under_which_something_would_be_taken_away(edit: Call, what: str) -> None:
    answer = edit("DELETE", f"{HALL}/staff/%00/{what}")
    assert answer.status_code in (400, 404), answer.text

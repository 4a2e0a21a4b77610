"""A fleet file is checked as a whole: every mistake with its line, and nothing let through."""

import shutil
from pathlib import Path

import pytest
from fleet_rig import Desk, furnish, write_authority, write_release
from hypothesis import given
from hypothesis import strategies as st

from device.store.profile import load
from protocol.release_key import generate
from provisioning import provision_cli
from provisioning.findings import BadFleet
from provisioning.fleet import Network
from provisioning.fleet_file import check_fleet, read_fleet
from provisioning.profile_file import render

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
HEAD = """\
[fleet]
central = "https://rating.example"
ntp = ["10.1.0.5"]
release_key = "release.pem"
[fleet.technician]
ssh_key_files = ["zhang.pub"]
[fleet.defaults]
hall = "H1"
panel = "touch-display"
"""
BEGIN = HEAD.count("\n")


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return furnish(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(furnished: Desk, tmp_path: Path) -> Desk:
    """The technician's folder, a fresh copy."""
    shutil.copytree(furnished.folder, tmp_path, dirs_exist_ok=True)
    return furnished._replace(folder=tmp_path)


def device(lines: str) -> str:
    return f"{HEAD}[[device]]\n{lines}\n"


# --- what is right ---------------------------------------------------------------------------


def test_the_example_of_the_manual_is_a_fleet_without_mistakes_or_warnings(desk: Desk):
    for file in EXAMPLES.glob("fleet.*"):
        shutil.copy(file, desk.folder)
    checked = check_fleet(desk.folder / "fleet.toml")
    assert (checked.mistakes, checked.warnings) == ((), ())
    fleet = read_fleet(desk.folder / "fleet.toml")
    seats = {seat.name: seat for seat in fleet.seats}
    assert list(seats) == [
        *("210100-01-w01", "210100-01-w02", "hall-entrance", "210102-03-p01"),
        *("210100-01-w03", "210100-01-w04", "210102-03-p02", "210102-03-p03"),
    ]
    assert fleet.technician.ssh_keys[0].startswith("ssh-ed25519 ")
    assert fleet.halls["210102-03"] == "和平区政务服务中心"
    assert seats["210100-01-w01"].network == Network(
        "ethernet", "10.21.1.31/24", "10.21.1.1", ("10.21.0.5",)
    )
    assert seats["210102-03-p02"].network == Network(
        "wifi", ssid="pjq-210102", password="correct horse"
    )
    assert seats["210102-03-p01"].network.kind == "ethernet"
    assert seats["210100-01-w04"].settings["buttons.pins"] == [17, 27, 22, 5, 6]
    assert seats["210100-01-w02"].settings["screen.rotate"] == 90
    assert seats["210100-01-w02"].boot_lines == ("display_auto_detect=1",)
    assert seats["210100-01-w03"].note == "一楼 户籍"


def test_every_profile_of_a_fleet_is_one_that_the_device_loads(desk: Desk):
    for file in EXAMPLES.glob("fleet.*"):
        shutil.copy(file, desk.folder)
    for seat in read_fleet(desk.folder / "fleet.toml").seats:
        file = desk.folder / f"{seat.name}.toml"
        file.write_text(render(seat.settings, file.name), encoding="utf-8")
        profile = load(file)
        assert profile.data_dir == Path("/var/lib/haochaping/device")
        assert profile.central.ca_file == "/etc/haochaping/ca.pem"
        assert profile.sound.volume == 40


def test_a_device_says_otherwise_than_its_hall_and_a_hall_than_the_defaults(desk: Desk):
    fleet = read_fleet(
        desk.write(
            device('window = "1"\nscreen.appearance = "contrast"')
            + '[halls.H1]\nlanguage = "ko"\nscreen.appearance = "large"\nsound.volume = 10\n'
        )
    )
    settings = fleet.seats[0].settings
    assert settings["screen.language"] == "ko"
    assert settings["screen.appearance"] == "contrast"
    assert settings["sound.volume"] == 10
    assert settings["screen.diagonal"] == 6.95


@pytest.mark.parametrize(
    ("hall", "window", "name"),
    [("210100-01", "W01", "210100-01-w01"), ("BH", "BH-012", "bh-012"), ("h_1", "2#", "h-1-2")],
)
def test_a_device_without_a_name_is_named_after_its_place(
    desk: Desk, hall: str, window: str, name: str
):
    assert (
        read_fleet(desk.write(device(f'hall = "{hall}"\nwindow = "{window}"'))).seats[0].name
        == name
    )


# --- TOML: mistakes --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["hall,window,panel\nBH,BH-012,x\n", '{"fleet": {}}'])
def test_a_file_that_is_no_fleet_file_at_all_is_told_once_and_nothing_of_what_it_lacks(
    desk: Desk, text: str
):
    path = desk.folder / "other.toml"
    path.write_text(text)
    checked = check_fleet(path)
    assert not checked.warnings
    (only,) = map(str, checked.mistakes)
    assert "this is not TOML" in only
    assert "a fleet file begins with [fleet]" in only


def test_a_fleet_file_that_chinese_input_typed_throughout_is_told_of_every_line(desk: Desk):
    path = desk.folder / "fleet.toml"
    path.write_text("【fleet】\ncentral ＝ “https://x”\nntp = \n【【device】】\nwindow ＝ １\n")
    checked = check_fleet(path)
    assert [mistake.place.line for mistake in checked.mistakes] == [1, 2, 3, 4, 5]
    told = list(map(str, checked.mistakes))
    assert ["is full-width" in line for line in told] == [True, True, False, True, True]
    assert ["begins with [fleet]" in line for line in told] == [True, *4 * [False]]
    assert not any("missing" in line or "no device" in line for line in told)


def test_a_number_where_text_belongs_is_one_mistake(desk: Desk):
    path = desk.write(device("window = 15"))
    assert [one.text for one in check_fleet(path).mistakes] == [
        'window = 15: text in quotes, as "W12" expected'
    ]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "0: window: missing; its code at central expected"),
        ('window = "1"\nrotat = 90', "2: rotat: unknown key; did you mean rotate?"),
        ('window = "1"\nrotate = 45', "2: rotate = 45: expected 0, 90, 180 or 270"),
        ('window = "1"\nrotate = "90"', "2: rotate = '90': a whole number, as 90 expected"),
        (
            'window = "1"\npins = [1, 2, 3, 4, 4]',
            "2: pins = [1, 2, 3, 4, 4]: expected five different BCM pin numbers from 0 to 27,"
            " or []",
        ),
        (
            'window = "1"\npins = [1, 2, 3, 4, 5]\nbuttons.skip = 5',
            "3: buttons.skip: pin 5 is already in use for buttons.pins",
        ),
        (
            'window = "1"\npanel = "touch-displai"',
            "2: panel: touch-displai: unknown; did you mean touch-display?",
        ),
        (
            'window = "1"\npanel = "hdmi-10"',
            "2: panel: hdmi-10: unknown; did you mean hdmi-10-1024x600 or hdmi-10-1280x800?",
        ),
        (
            'window = "1"\nname = "W 1"',
            "2: name: W 1: a host name of lower-case letters, digits and hyphens "
            "expected, at most 63; w-1, say",
        ),
        ('window = "窗口1"', "0: name: missing; none can be made of H1 and 窗口1"),
        (
            'window = "W１"',
            "1: window = W１: has full-width characters, as Chinese input methods "
            "type them; write W1",
        ),
        (
            'window = "1"\ndata_dir = "/x"',
            "2: data_dir: not in a fleet file; it is the same on every device",
        ),
        ('window = "1"\ncentral = "https://x"', "2: central: it belongs under [fleet]"),
        (
            'window = "1"\nboot_lines = ["a\\nb"]',
            "2: boot_lines: 'a\\nb': 1 to 98 ASCII characters expected",
        ),
        (
            'window = "1"\nservice.matter = "m"',
            '2: service.matter: only for service.mode = "self-service"',
        ),
        (
            'window = "1"\nlanguage = "en"\nscreen.language = "en"',
            f"3: screen.language: given in line {BEGIN + 3} already",
        ),
    ],
)
def test_a_mistake_of_a_device_is_told_with_its_line(desk: Desk, lines: str, told: str):
    number, _, text = told.partition(": ")
    assert desk.told(device(lines)) == [f"{BEGIN + 1 + int(number)}: {text}"]


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            'address = "10.1.2.3"',
            "address: 10.1.2.3: say the net too, as 10.1.2.3/24, or give network.net",
        ),
        ('address = "10.1.2.300/24"', "address: 10.1.2.300/24: an address as 10.1.2.3/24 expected"),
        (
            'address = "10.1.2.0/24"',
            "address: 10.1.2.0/24 is the net's own address, not a device's",
        ),
        (
            'address = "10.1.2.255/24"',
            "address: 10.1.2.255/24 is the net's own address, not a device's",
        ),
        (
            'address = "10.1.3.3/24"\nnet = "10.1.2.0/24"',
            "address: 10.1.3.3/24 is not in the net 10.1.2.0/24",
        ),
        (
            'address = "10.1.2.3/24"\ngateway = "10.1.3.1"',
            f"address: 10.1.2.3/24: the gateway 10.1.3.1 (line {BEGIN + 4}) is not in its net",
        ),
        (
            'address = "10.1.2.3/24"\ngateway = "10.1.2.3"',
            f"address: 10.1.2.3/24 is the gateway's own (line {BEGIN + 4})",
        ),
        (
            'gateway = "10.1.2.1"',
            f"address: missing; gateway (line {BEGIN + 3}) is of no use to a device "
            "that gets its address by DHCP",
        ),
        (
            'net = "10.1.2.1/24"\naddress = "dhcp"',
            "net: 10.1.2.1/24: a net as 10.1.2.0/24 expected",
        ),
        ('dns = ["dns.example"]', "dns: dns.example: addresses as 10.1.0.1 expected"),
        ('kind = "lte"', "kind: lte: ethernet or wifi"),
        ('kind = "wifi"', "ssid: missing; wifi needs a name"),
        ('kind = "ethernet"\nssid = "x"', 'ssid: only with kind = "wifi"'),
        (
            f'ssid = "{"长" * 11}"\npassword = "12345678"',
            "ssid: 1 to 32 bytes without control characters expected",
        ),
    ],
)
def test_a_network_that_cannot_work_is_told(desk: Desk, lines: str, told: str):
    [mistake] = desk.told(device(f'window = "1"\n{lines}'))
    assert mistake.partition(": ")[2].replace("network.", "", 1).replace("network.g", "g") == told


@pytest.mark.parametrize("secret", ["short12", "密码密码密码密码", "x" * 64, "correct\\u0007horse"])
def test_a_password_that_no_network_has_is_told_without_showing_it(desk: Desk, secret: str):
    mistakes = desk.told(device(f'window = "1"\nssid = "x"\npassword = "{secret}"'))
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"{BEGIN + 4}: network.password")
    assert secret not in mistakes[0]


def test_a_password_that_others_on_the_computer_can_read_is_a_warning(desk: Desk):
    lines = 'window = "W1"\nssid = "s"\npassword = "nobody knows"'
    file = desk.write(device(lines))
    file.chmod(0o644)
    [warning] = check_fleet(file).warnings
    assert warning.place.line == 1 and "chmod 600" in warning.text
    assert "nobody knows" not in str(warning)
    file.chmod(0o600)
    assert check_fleet(file).warnings == ()
    (desk.folder / "wifi.txt").write_text("nobody knows\n")
    lines = 'window = "W1"\nssid = "s"\npassword_file = "wifi.txt"'
    (desk.folder / "wifi.txt").chmod(0o640)
    [told] = desk.warned(device(lines))
    assert "wifi.txt" in told and told.startswith(f"{BEGIN + 4}:")
    (desk.folder / "wifi.txt").chmod(0o600)
    assert desk.warned(device(lines)) == []


def test_no_password_is_in_any_message_or_in_what_is_printed_of_a_network(desk: Desk):
    told = desk.check(
        device('window = "1"\nssid = "x"\npassword = 12345678\npasswort = "hunter2222"')
        + '[[device]]\nwindow = "2"\nssid = "x"\npassword = "hunter2３22"\n'
        + '[[device]]\nwindow = "3"\nssid = "x"\npassword = "hunter2222'
    )
    said = "\n".join(map(str, told.mistakes))
    assert "12345678" not in said
    assert "hunter2" not in said
    assert [one.place.line - BEGIN for one in told.mistakes] == [4, 5, 9, 13]
    assert "hunter2" not in repr(Network("wifi", ssid="x", password="hunter2222"))


def test_what_two_devices_cannot_both_have_is_told_with_the_first_ones_line(desk: Desk):
    again = '[[device]]\nname = "a"\nwindow = "1"\naddress = "10.1.2.3/24"\n'
    told = desk.told(HEAD + again + again)
    assert told == [
        f"{BEGIN + 5}: name: a is in line {BEGIN + 1} already",
        f"{BEGIN + 5}: network.address: 10.1.2.3 is in line {BEGIN + 1} already",
        f"{BEGIN + 5}: window: 1 has a device in line {BEGIN + 1} already",
    ]


def test_one_address_in_two_halls_is_a_warning_for_each_may_have_its_own_net(desk: Desk):
    one = '[[device]]\nhall = "H{0}"\nwindow = "{0}"\nnetwork = {{ address = "10.1.2.3/24",'
    text = HEAD + "".join(f'{one.format(number)} gateway = "10.1.2.1" }}\n' for number in (1, 2))
    checked = desk.check(text)
    assert checked.mistakes == ()
    [warning] = checked.warnings
    assert warning.text.endswith("in another hall; are these two nets?")


def test_a_mistake_in_the_defaults_is_told_once_and_not_for_every_device(desk: Desk):
    text = HEAD + 'rotate = 45\n[[device]]\nwindow = "1"\n[[device]]\nwindow = "2"\n'
    assert desk.told(text) == [f"{BEGIN + 1}: rotate = 45: expected 0, 90, 180 or 270"]


def test_every_mistake_of_a_whole_file_is_told_at_once(desk: Desk):
    desk.write("hall,window\nH1,a\nH1,a\n", "t.csv")
    text = (
        '[fleet]\ncentral = "ftp://x"\ntimezone = "Asia/Peking"\ncountry = "China"\n'
        'data = "disk"\ntoken_days = 0\nntp = ["a b"]\ndevices = "t.csv"\nrelease = "none"\n'
        'defaults.name = "x"\n[fleet.technician]\nname = "root"\nssh_keys = ["ssh-rsa x"]\n'
        '[flete]\n[device]\nwindow = “1”\n[halls.H1]\nwindow = "1"\n'
    )
    lines = [line.partition(": ")[0] for line in desk.told(text)]
    assert lines == [*map(str, (2, 3, 4, 5, 6, 7, 9, 10, 12, 13, 14, 15, 16, 18)), "t.csv:3"]


def test_a_fleet_with_mistakes_is_not_returned_and_the_error_lists_them(desk: Desk):
    with pytest.raises(BadFleet) as told:
        read_fleet(desk.write(device("rotat = 1")))
    assert str(told.value).splitlines() == [
        f"{desk.folder}/fleet.toml:{BEGIN + 1}: window: missing; its code at central expected",
        f"{desk.folder}/fleet.toml:{BEGIN + 2}: rotat: unknown key; did you mean rotate?",
    ]


def test_files_that_are_not_there_or_are_no_text_are_told(desk: Desk):
    assert desk.told(HEAD) == ["1: no device; add [[device]] tables, or devices under [fleet]"]
    assert (
        short_of(desk.folder / "none.toml")
        == "none.toml:1: cannot be read: No such file or directory"
    )
    assert 'devices = "d.csv" under [fleet]' in short_of(desk.folder / "d.csv")
    (desk.folder / "gbk.toml").write_bytes("[fleet]\n# 大厅\n".encode("gbk"))
    assert short_of(desk.folder / "gbk.toml").startswith("gbk.toml:2: this is not UTF-8")


def short_of(path: Path) -> str:
    [mistake] = check_fleet(path).mistakes
    return str(mistake).removeprefix(f"{path.parent}/")


def test_a_byte_order_mark_and_windows_line_ends_are_taken(desk: Desk):
    path = desk.folder / "fleet.toml"
    text = device('window = "1"').replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert check_fleet(path).mistakes == ()


def test_a_hall_that_has_no_table_is_a_slip_once_there_are_tables(desk: Desk):
    text = device('hall = "Hall2"\nwindow = "1"') + '[halls.Hall1]\nname = "大厅"\n'
    assert desk.told(text) == [f"{BEGIN + 2}: hall: Hall2: no such hall; did you mean Hall1?"]


# --- what goes onto every card ---------------------------------------------------------------


def test_a_release_that_no_device_would_install_is_told(desk: Desk):
    text = device('window = "1"').replace("[fleet]\n", '[fleet]\nrelease = "r.release"\n')
    release = desk.folder / "r.release"
    write_release(release, desk.release_key)
    assert desk.told(text) == []
    write_release(release, generate()[0])
    assert desk.told(text)[0].endswith("no device would install it")
    write_release(release, desk.release_key, "cp313-linux-armv7l")
    assert "built for cp313-linux-armv7l; devices are" in desk.told(text)[0]
    write_release(release, desk.release_key)
    whole = release.read_bytes()
    release.write_bytes(whole.replace(b"a tree", b"a tre3"))
    assert "not the one that the manifest was signed for" in desk.told(text)[0]
    release.write_bytes(whole[:700])
    assert "cut off" in desk.told(text)[0]


def test_a_release_for_a_pc_is_a_warning(desk: Desk):
    write_release(desk.folder / "haochaping.release", desk.release_key, "cp313-linux-x86_64")
    text = device('window = "1"').replace("[fleet]\n", '[fleet]\nrelease = "haochaping.release"\n')
    assert desk.warned(text) == [
        "2: release: cp313-linux-x86_64 is for a PC; a Raspberry Pi cannot run it"
    ]


@pytest.mark.parametrize("key", ["release_key", "ca_file", "technician.ssh_key_files"])
def test_a_private_key_never_gets_onto_the_cards(desk: Desk, key: str):
    (desk.folder / "private").write_bytes(desk.release_key)
    text = device('window = "1"').replace("zhang.pub", "private")
    if key != "technician.ssh_key_files":
        text = device('window = "1"').replace('release_key = "release.pem"', f'{key} = "private"')
    [mistake] = desk.told(text)
    assert "a private key is in it, and it would be on every card" in mistake


def test_an_authority_that_has_ended_is_a_mistake_and_one_that_ends_soon_a_warning(desk: Desk):
    text = device('window = "1"').replace("[fleet]\n", '[fleet]\nca_file = "ca.pem"\n')
    assert desk.check(text).mistakes == desk.check(text).warnings == ()
    write_authority(desk.folder / "ca.pem", days=30)
    assert "a certificate in it ends on" in desk.warned(text)[0]
    write_authority(desk.folder / "ca.pem", begins_in=-20, days=10)
    assert "a certificate in it ended on" in desk.told(text)[0]
    write_authority(desk.folder / "ca.pem", begins_in=2)
    assert "is this clock right?" in desk.warned(text)[0]
    (desk.folder / "ca.pem").write_text("nothing")
    assert "no certificates in PEM are in it" in desk.told(text)[0]


def test_central_without_tls_is_a_warning_and_a_password_in_its_address_is_never_shown(desk: Desk):
    assert desk.warned(device('window = "1"').replace("https:", "http:"))[0].startswith(
        "2: central: http:// is not encrypted"
    )
    for url in ("https://me:hunter2@rating.example", "ftp://me:hunter2@rating.example"):
        text = device('window = "1"').replace("https://rating.example", url)
        proxied = device('window = "1"').replace("[fleet]\n", f'[fleet]\nproxy = "{url[2:]}"\n')
        for said in (desk.told(text), desk.told(proxied)):
            assert len(said) == 1
            assert "hunter2" not in said[0]


# --- tables ----------------------------------------------------------------------------------

TABLE = HEAD.replace("[fleet]\n", '[fleet]\ndevices = "d.csv"\n')


def test_a_table_from_a_chinese_spreadsheet_is_read_as_it_was_meant(desk: Desk):
    rows = "大厅;窗口;地址;引脚;语言;备注\r\nH1;'01;10.1.2.3/24;1 2 3 4 5;en;三楼，东\r\n\r\n"
    for encoding in ("utf-8-sig", "gb18030"):
        (desk.folder / "d.csv").write_bytes(rows.encode(encoding))
        [seat] = read_fleet(desk.write(TABLE)).seats
        assert (seat.window, seat.note, seat.line) == ("01", "三楼，东", 2)
        assert seat.settings["buttons.pins"] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            "window,rotate\n1,９０\n",
            "2: screen.rotate = ９０: has full-width characters, as Chinese input "
            "methods type them; write 90",
        ),
        ("window,rotate\n1,x\n", "2: screen.rotate = x: a whole number expected"),
        ("window,sound.voice\n1,maybe\n", "2: sound.voice = maybe: true or false expected"),
        (
            "window,name\nW１,a\n",
            "2: window = W１: has full-width characters, as Chinese input methods type them; write"
            " W1",
        ),
        (
            "window，rotate\n",
            "1: column window，rotate: unknown; the commas between cells are "
            "full-width: type them in English input",
        ),
        ("window,rotat\n1,90\n", "1: column rotat: unknown; did you mean rotate?"),
        (
            "window,rotate,screen.rotate\n1,90,\n",
            "1: column screen.rotate: screen.rotate has a column already",
        ),
        ("window\n1,2\n", "2: 2 cells, but there are 1 columns: a comma too many?"),
        ('window,note\n1,"x\n', "2: from here on this is not CSV: unexpected end of data"),
        ('window,note\n1,"x\n\ny"\n1,\n', "5: window: 1 has a device in line 2 already"),
        ("\n\n", "1: there is no row of headings, as hall,window,address"),
        (
            "window,panel\n1,toch-display\n",
            "2: panel: toch-display: unknown; did you mean touch-display?",
        ),
    ],
)
def test_a_mistake_in_a_table_is_told_with_its_line(desk: Desk, table: str, told: str):
    desk.write(table, "d.csv")
    said = desk.told(TABLE)
    assert f"d.csv:{told}" in said
    assert all(line.startswith("d.csv:") for line in said)


def test_a_table_that_somebody_sent_does_not_steer_the_technicians_terminal(desk: Desk):
    desk.write("window,\x1b]0;mine\x07\n1,\x9b31m\n", "d.csv")
    (desk.folder / "fleet.toml").write_text(TABLE, encoding="utf-8")
    with pytest.raises(BadFleet) as refused:
        read_fleet(desk.folder / "fleet.toml")
    assert "column ?]0;mine?: unknown" in str(refused.value)
    assert "\x1b" not in str(refused.value)


def test_a_note_does_not_steer_the_terminal_that_lists_it(desk: Desk, capsys):
    file = desk.folder / "fleet.toml"
    file.write_text(device('window = "1"\nnote = "\\u001b]0;mine\\u0007"'), encoding="utf-8")
    assert provision_cli.main(["check", str(file), "--list"]) == 0
    assert "?]0;mine?" in capsys.readouterr().out


def test_a_full_width_password_in_a_table_is_told_without_showing_it(desk: Desk):
    desk.write("window,ssid,password\n1,net,hunter２222\n", "d.csv")
    [mistake] = desk.told(TABLE)
    assert "network.password = ***: has full-width characters" in mistake
    assert "hunter" not in mistake


def test_utf_16_is_told_as_such(desk: Desk):
    (desk.folder / "d.csv").write_bytes(b"PK\x03\x04 and what else Excel writes")
    assert desk.told(TABLE) == [
        'd.csv:1: this is a spreadsheet\'s own file; save it as "CSV UTF-8"'
    ]
    (desk.folder / "d.csv").write_bytes("window\n1\n".encode("utf-16"))
    assert desk.told(TABLE) == ['d.csv:1: this is UTF-16; save it as "CSV UTF-8"']


cells = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("\"',;\n\t １，"), max_size=8
)


@given(st.lists(st.lists(cells, max_size=4), max_size=6), st.binary(max_size=30))
def test_no_table_and_no_bytes_can_break_the_check(
    furnished: Desk, rows: list[list[str]], tail: bytes
):
    text = "window,name,network.address,pins\n" + "\n".join(",".join(row) for row in rows)
    (furnished.folder / "d.csv").write_bytes(text.encode() + tail)
    checked = furnished.check(TABLE)
    assert (checked.fleet is None) == bool(checked.mistakes)


@given(
    st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("[]=\n\"'.{}#"), max_size=60)
)
def test_no_text_can_break_the_check(furnished: Desk, text: str):
    for wanted in (text, HEAD + text, device(text)):
        checked = furnished.check(wanted)
        assert (checked.fleet is None) == bool(checked.mistakes)
